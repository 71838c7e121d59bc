/* Shelves of books, for a small library. */

#include <stdio.h>
#include "shelf.h"

#define LIMIT 1000
#define LARGER(a, b) \
	((a) > (b) ? (a) : (b))

/** A book on a shelf. */
struct book {
	const char *title;
	unsigned lent : 1;
	int (*compare)(const struct book *, const struct book *);
};

typedef struct shelf {
	struct book *books;
	int size;
} shelf_t, *shelf_p;

typedef int (*visitor)(struct book *book, void *state);
typedef unsigned long number;

union price {
	long cents;
	double euros;
};

enum colour { RED, GREEN = 2 };

/* What a shelf may hold. */
typedef enum { NOVEL, ATLAS } genre;

extern int shelves;
static const char *const names[] = { "north", "south" };
static int count = 0, lent;
static visitor on_return = NULL;

struct options {
	int verbose;
} options = { .verbose = 1 };

/* Opens a shelf. The caller closes it. */
shelf_t *shelf_open(const char *name);
void shelf_close(shelf_t *shelf);

/* Adds a book.
 * Returns where it stands. */
static int add(shelf_t *shelf, struct book *book)
{
	int last = shelf->size++;
	if (last >= LIMIT || !book->title)
		goto full;
	shelf->books[last] = *book;
	return last;
full:
	fprintf(stderr, "no room for %s\n", book->title);
	return -1;
}

static char **titles_of(shelf_t *shelf)
{
	char **titles = calloc(shelf->size, sizeof(char *));
	return titles;
}

visitor (*visitor_of(int kind))(double)
{
	return kind ? first_visitor : NULL;
}

int total(prices, size)
	long prices[];
	int size;
{
	long sum = 0x0L;
	while (size--)
		sum += prices[size] * 1.5;
	return sum;
}

#ifdef WINDOWS
static void wait_for(int seconds)
{
	Sleep(1000 * seconds);
}
#else
static void wait_for(int seconds)
{
	sleep(seconds);
}
#endif

#if THREADS
int lend(struct book *book, lock_t *lock)
#else
int lend(struct book *book)
#endif
{
	book->lent = 1;
	return 'y';
}

library_init(shelf_open);
