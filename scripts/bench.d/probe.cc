// Prints which file serves each allocation function in this process, by the addresses that its own calls reach, and
// uses them: a peer that is not in use, or only in part, or that breaks at once, shows before anything is measured.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <malloc.h>
#include <new>
#include <vector>

template <typename F> static void show(const char *name, F *function)
{
	Dl_info info;
	bool known = dladdr(reinterpret_cast<void *>(function), &info) != 0;
	std::printf("%s %s\n", name, known ? info.dli_fname : "?");
}

int main()
{
	show("malloc", &malloc);
	show("free", &free);
	show("calloc", &calloc);
	show("realloc", &realloc);
	show("posix_memalign", &posix_memalign);
	show("aligned_alloc", &aligned_alloc);
	show("memalign", &memalign);
	show("malloc_usable_size", &malloc_usable_size);
	show("new", static_cast<void *(*)(std::size_t)>(&::operator new));
	show("delete", static_cast<void (*)(void *) noexcept>(&::operator delete));

	std::vector<void *> blocks;
	for (std::size_t size = 1; size < 3000000; size += size / 3 + 1) {
		void *aligned = nullptr;
		char *zeroed = static_cast<char *>(std::calloc(1, size));
		if (posix_memalign(&aligned, 256, size) != 0 || reinterpret_cast<std::size_t>(aligned) % 256 != 0)
			return 1;
		for (std::size_t i = 0; i < size; i++)
			if (zeroed[i] != 0)
				return 1;
		std::memset(aligned, 1, size);
		blocks.push_back(std::realloc(zeroed, size * 2));
		blocks.push_back(aligned);
		if (malloc_usable_size(blocks[blocks.size() - 2]) < size * 2)
			return 1;
	}
	for (void *block : blocks)
		std::free(block);
	return 0;
}
