/* Records which functions of a program run, in phases. FunctionTrace compiles this file and preloads it into the program.
   SMM_TRACE_PROGRAM names the program; other programs that inherit the environment are not traced. SMM_TRACE_FILE is the file that both
   sides map. It begins with struct header; count function offsets (uint64_t, ascending) follow, and then one byte per function, in which
   bit N is set if the function ran in phase N. The first instruction of each function is replaced by a breakpoint, which records the
   function and restores the instruction. So a function costs time only once per phase, and the program behaves as without the trace. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
typedef uint8_t instruction;
static const instruction breakpoint = 0xCC; /* int3: the processor reports the address after it */
#define AFTER_BREAKPOINT 1
#define PROGRAM_COUNTER(context) ((context)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
typedef uint32_t instruction;
static const instruction breakpoint = 0xD4200000; /* brk #0: the processor reports its address */
#define AFTER_BREAKPOINT 0
#define PROGRAM_COUNTER(context) ((context)->uc_mcontext.pc)
#else
#error "name the breakpoint of this architecture"
#endif

struct header {
    _Atomic uint32_t wanted; /* the phase that the other side asks for */
    _Atomic uint32_t active; /* the phase that is recorded, plus one; 0 before the first */
    uint64_t count;
};

static struct header *header;
static const uint64_t *offsets;
static _Atomic uint8_t *ran;
static instruction *originals;
static uintptr_t base;

static instruction *function(uint64_t index) { return (instruction *)(base + offsets[index]); }

static void set(instruction *at, instruction value) {
    *(volatile instruction *)at = value;
    __builtin___clear_cache((char *)at, (char *)(at + 1));
}

static int64_t find(uint64_t offset) {
    int64_t low = 0, high = (int64_t)header->count - 1;
    while (low <= high) {
        int64_t middle = low + (high - low) / 2;
        if (offsets[middle] == offset)
            return middle;
        if (offsets[middle] < offset)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

static void reached(int number, siginfo_t *info, void *context) {
    (void)info;
    uintptr_t at = (uintptr_t)PROGRAM_COUNTER((ucontext_t *)context) - AFTER_BREAKPOINT;
    int64_t index = find(at - base);
    if (index < 0) { /* a breakpoint of the program itself */
        signal(number, SIG_DFL);
        return;
    }
    atomic_fetch_or(&ran[index], (uint8_t)(1u << (atomic_load(&header->active) - 1)));
    set(function(index), originals[index]); /* of two threads that arrive at the same time, both do this */
    PROGRAM_COUNTER((ucontext_t *)context) = at;
}

static void begin(uint32_t phase) {
    atomic_store(&header->active, phase + 1);
    for (uint64_t index = 0; index < header->count; index++)
        set(function(index), breakpoint);
}

static void *follow(void *unused) {
    (void)unused;
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    for (;;) {
        uint32_t wanted = atomic_load(&header->wanted);
        if (wanted + 1 != atomic_load(&header->active))
            begin(wanted);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* The first object is the program. */
static int program(struct dl_phdr_info *object, size_t size, void *unused) {
    (void)size, (void)unused;
    base = object->dlpi_addr;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
            continue;
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (base + part->p_vaddr) & ~(page - 1);
        if (mprotect((void *)start, base + part->p_vaddr + part->p_memsz - start, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
            abort();
    }
    return 1;
}

__attribute__((constructor)) static void start(void) {
    const char *wanted = getenv("SMM_TRACE_PROGRAM"), *file = getenv("SMM_TRACE_FILE");
    char name[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", name, sizeof name - 1);
    if (!wanted || !file || length < 0)
        return;
    name[length] = 0;
    if (strcmp(name, wanted) != 0)
        return;
    unsetenv("LD_PRELOAD"); /* the programs that this one starts */
    int descriptor = open(file, O_RDWR | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        abort();
    header = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (header == MAP_FAILED)
        abort();
    offsets = (const uint64_t *)(header + 1);
    ran = (_Atomic uint8_t *)(offsets + header->count);
    originals = malloc(header->count * sizeof *originals);
    dl_iterate_phdr(program, NULL);
    for (uint64_t index = 0; index < header->count; index++)
        originals[index] = *function(index);
    struct sigaction action = {.sa_sigaction = reached, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER};
    pthread_t thread;
    if (!originals || sigaction(SIGTRAP, &action, NULL) != 0)
        abort();
    begin(0);
    if (pthread_create(&thread, NULL, follow, NULL) != 0)
        abort();
    pthread_detach(thread);
}
