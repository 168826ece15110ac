// The empty program of the 42 scale: what the fault counts of test1 and test2 are measured against.
int main(void) {
    volatile int i = 0;
    while (i < 1024) i++;
    return 0;
}
