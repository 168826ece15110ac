/* grow VECTORS BYTES: VECTORS arrays grow in turn, by half each time, with realloc until they hold BYTES together. */
#include "bench.h"

struct vector {
	uint64_t *item;
	size_t length, capacity;
};

static void push(struct vector *v, uint64_t value)
{
	if (v->length == v->capacity) {
		v->capacity = v->capacity ? v->capacity + v->capacity / 2 : 8;
		v->item = realloc(v->item, v->capacity * sizeof *v->item);
		if (v->item == NULL)
			fail("out of memory");
	}
	v->item[v->length++] = value;
}

int main(int argc, char **argv)
{
	size_t vectors = number(argc, argv, 1, "VECTORS BYTES");
	size_t items = number(argc, argv, 2, "VECTORS BYTES") / sizeof(uint64_t) / vectors;
	struct vector *vector = calloc(vectors, sizeof *vector);
	for (size_t i = 0; i < items; i += 256)
		for (size_t v = 0; v < vectors; v++)
			for (size_t j = i; j < i + 256; j++)
				push(&vector[v], v * items + j);
	for (size_t v = 0; v < vectors; v++) {
		for (size_t i = 0; i < items; i += 97)
			if (vector[v].item[i] != v * items + i)
				fail("realloc lost contents");
		free(vector[v].item);
	}
	printf("ops %zu\n", items * vectors);
	return 0;
}
