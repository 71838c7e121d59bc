# Builds and ships the shop.

# The compiler of all parts.
CC ?= gcc
CFLAGS := -O2 -Wall
SOURCES = $(wildcard src/*.c)
OBJECTS = $(SOURCES:.c=.o)
LICENSE = MIT (code), CC-BY (texts)
PARTS_$(DEBUG) += probe
export PATH := bin:$(PATH)

define deploy
	scp $(1) $(2):/srv/shop
	ssh $(2) restart
endef

.PHONY: all clean

all: shop docs

# Links the shop.
shop: $(OBJECTS) | build
	$(CC) -o $@ $^
	@echo "linked"

%.o: %.c shop.h
	$(CC) $(CFLAGS) -c $< -o $@

build docs:
	mkdir -p $@

ifeq ($(DEBUG):$(HOST),1:)
CFLAGS += -g
debug:
	gdb shop
else
release: ; strip shop
endif

clean: ## Removes what was built.
	-rm -f shop $(OBJECTS)

$(foreach host,$(HOSTS),$(eval $(call rule,$(host))))
include other.mk
