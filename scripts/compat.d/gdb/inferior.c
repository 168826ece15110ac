#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;
    char *name;
    int value;
};

static int calls;

struct node *push(struct node *list, int value)
{
    struct node *node = calloc(1, sizeof *node);
    char text[32];

    snprintf(text, sizeof text, "node %d", value);
    node->name = strdup(text);
    node->value = value;
    node->next = list;
    calls++;
    return node;
}

int depth(const struct node *list)
{
    if (!list)
        return 0;
    return 1 + depth(list->next);
}

static void *thread(void *argument)
{
    struct node *list = NULL;
    int i;

    for (i = 0; i < 100; i++)
        list = push(list, i);
    *(int *)argument = depth(list);
    while (list) {
        struct node *next = list->next;
        free(list->name);
        free(list);
        list = next;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 5, i, result = 0;
    struct node *list = NULL;
    pthread_t id;

    for (i = 1; i <= n; i++)
        list = push(list, i * i);
    pthread_create(&id, NULL, thread, &result);
    pthread_join(id, NULL);
    printf("depth %d, thread %d\n", depth(list), result);
    return 3;
}
