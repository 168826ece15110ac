# make          libft_malloc_$HOSTTYPE.so with the link libft_malloc.so (.dylib on macOS), and libft_malloc.a
# make run      runs a real program on it
# make test     every check and test
# make bench    measures it beside other allocators (bench-quick: a part)
# make install  to PREFIX (default /usr/local), below DESTDIR if that is set

ifeq ($(HOSTTYPE),)
HOSTTYPE := $(shell uname -m)_$(shell uname -s)
endif
SUFFIX := $(if $(filter Darwin,$(shell uname -s)),dylib,so)
LIB := libft_malloc_$(HOSTTYPE).$(SUFFIX)
LINK := libft_malloc.$(SUFFIX)
STATIC := libft_malloc.a

PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR := $(DESTDIR)$(PREFIX)/lib
INCLUDEDIR := $(DESTDIR)$(PREFIX)/include
PKGCONFIGDIR := $(LIBDIR)/pkgconfig

TARGET := $(or $(CARGO_TARGET_DIR),target)
SOURCES := $(shell find src -name '*.rs') Cargo.toml $(wildcard Cargo.lock) build.rs cbindgen.toml
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)

# The crate types are named because cargo leaves out link-time optimisation when an rlib is among them.
BUILD := cargo rustc --lib --features abi --crate-type cdylib,staticlib

# In the archive the C++ operators are weak, as in the C++ runtime's own: programs may have some of these names, too.
OBJCOPY := $(firstword $(shell command -v objcopy) $(shell command -v llvm-objcopy))
OPERATORS := $(if $(filter Linux,$(shell uname -s)),$(shell grep ^_Z scripts/exports.txt))
WEAKEN := $(if $(and $(OBJCOPY),$(OPERATORS)),$(OBJCOPY) $(addprefix --weaken-symbol=,$(OPERATORS)),:)

all: $(LIB) $(LINK) $(STATIC)

# Copied at once, since `cargo test` leaves libraries without the exported names at the same place, and moved into
# place, since running programs may have the old one mapped. The archive first: it is then there when $(LIB) is.
$(LIB): $(SOURCES)
	$(BUILD) --release
	cp $(TARGET)/release/$(STATIC) $(STATIC).new && $(WEAKEN) $(STATIC).new && mv -f $(STATIC).new $(STATIC)
	cp $(TARGET)/release/$(LINK) $@.new && mv -f $@.new $@

# The link's age is that of what it leads to, so make cannot see that it leads to another HOSTTYPE's library.
ifneq ($(shell readlink $(LINK)),$(LIB))
.PHONY: $(LINK)
endif
$(LINK): $(LIB)
	ln -sf $(LIB) $@

$(STATIC): $(LIB)
	@test -f $@ || { rm -f $(LIB); $(MAKE) $(LIB); }
	@touch $@

debug:
	$(BUILD)
	$(WEAKEN) $(TARGET)/debug/$(STATIC)

header:
	scripts/check-header --update

run: all
	scripts/run-example

test:
	scripts/test

bench: all
	scripts/bench

bench-quick: all
	scripts/bench --quick

# The checks of the text alone.
check:
	scripts/test format lint layers header

install: all
	mkdir -p $(LIBDIR) $(INCLUDEDIR) $(PKGCONFIGDIR)
	install -m 755 $(LIB) $(LIBDIR)/$(LIB)
	ln -sf $(LIB) $(LIBDIR)/$(LINK)
	install -m 644 $(STATIC) $(LIBDIR)/$(STATIC)
	install -m 644 include/ft_malloc.h $(INCLUDEDIR)/ft_malloc.h
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' ft_malloc.pc.in > $(PKGCONFIGDIR)/ft_malloc.pc
	@# So that the loader finds it there; a package's own script does that for DESTDIR.
	@test -n "$(DESTDIR)" || ldconfig 2>/dev/null || :

uninstall:
	rm -f $(LIBDIR)/$(LIB) $(LIBDIR)/$(LINK) $(LIBDIR)/$(STATIC)
	rm -f $(INCLUDEDIR)/ft_malloc.h $(PKGCONFIGDIR)/ft_malloc.pc

clean:
	cargo clean

fclean: clean
	rm -f libft_malloc_*.so libft_malloc_*.dylib libft_malloc.so libft_malloc.dylib $(STATIC)

re:
	$(MAKE) fclean
	$(MAKE) all

.PHONY: all debug header run test bench bench-quick check install uninstall clean fclean re
