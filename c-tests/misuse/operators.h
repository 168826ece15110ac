// C++ operators by their names: a C program can so call each form. Programs that include this have the line
// "libs: -Wl,--no-as-needed -lstdc++", so that every allocator has all of them, be it those of the C++ library.
#ifndef OPERATORS_H
#define OPERATORS_H

#include "misuse.h"

#define operator_new _Znwm
#define operator_new_nothrow _ZnwmRKSt9nothrow_t
#define operator_new_array _Znam
#define operator_new_aligned _ZnwmSt11align_val_t
#define operator_delete _ZdlPv
#define operator_delete_array _ZdaPv
#define operator_delete_sized _ZdlPvm
#define operator_delete_array_sized _ZdaPvm
#define operator_delete_aligned _ZdlPvSt11align_val_t
#define operator_delete_sized_aligned _ZdlPvmSt11align_val_t

void *operator_new(size_t size) __attribute__((weak));
void *operator_new_nothrow(size_t size, const void *tag) __attribute__((weak));
void *operator_new_array(size_t size) __attribute__((weak));
void *operator_new_aligned(size_t size, size_t alignment) __attribute__((weak));
void operator_delete(void *block) __attribute__((weak));
void operator_delete_array(void *block) __attribute__((weak));
void operator_delete_sized(void *block, size_t size) __attribute__((weak));
void operator_delete_array_sized(void *block, size_t size) __attribute__((weak));
void operator_delete_aligned(void *block, size_t alignment) __attribute__((weak));
void operator_delete_sized_aligned(void *block, size_t size, size_t alignment) __attribute__((weak));

#endif
