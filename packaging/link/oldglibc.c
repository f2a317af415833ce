/* libm's log and pow have had a second version since glibc 2.29, which would keep the agent from starting on RHEL 8.
   The linker sends the calls here (--wrap), and these go to the first version; it only handles errno differently, which .NET does not read. */
#if defined(__x86_64__)
#define FIRST_VERSION "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define FIRST_VERSION "GLIBC_2.17"
#else
#error "name this architecture's first version of glibc"
#endif

double first_log(double);
double first_pow(double, double);
__asm__(".symver first_log, log@" FIRST_VERSION);
__asm__(".symver first_pow, pow@" FIRST_VERSION);

double __wrap_log(double x) { return first_log(x); }
double __wrap_pow(double x, double y) { return first_pow(x, y); }
