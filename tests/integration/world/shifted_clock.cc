// A library for LD_PRELOAD: the process's wall clock is off by COVEY_TEST_CLOCK_SHIFT_S seconds, as
// on a device whose clock is wrong. Whatever asks for the time of day gets the wrong one; clocks
// that only count on are left alone. A wait until a time of day is as long as on such a device,
// where the kernel has the same clock: its end is moved back to the clock that the kernel has here.
#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>
#include <ctime>

namespace {

time_t shift() {
  static const time_t seconds = [] {
    const char* const text = std::getenv("COVEY_TEST_CLOCK_SHIFT_S");
    return text == nullptr ? time_t{0} : static_cast<time_t>(std::atoll(text));
  }();
  return seconds;
}

// The function of this name that would have been called without us.
template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool is_wall_clock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

// Condition variables do not tell their clock. Clocks that count from the start of the machine are
// not at a thousand million seconds.
bool is_time_of_day(const timespec& time) { return time.tv_sec > 1'000'000'000; }

timespec of_kernel(const timespec& time) { return {time.tv_sec - shift(), time.tv_nsec}; }

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  const long status = ::syscall(SYS_clock_gettime, clock, time);
  if (status == 0 && is_wall_clock(clock)) time->tv_sec += shift();
  return static_cast<int>(status);
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(timespec* time, int base) noexcept {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, time);
  return base;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  static auto* const call = real<decltype(pthread_cond_timedwait)>("pthread_cond_timedwait");
  const timespec end = is_time_of_day(*until) ? of_kernel(*until) : *until;
  return call(condition, mutex, &end);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  static auto* const call = real<decltype(pthread_cond_clockwait)>("pthread_cond_clockwait");
  const timespec end = is_wall_clock(clock) ? of_kernel(*until) : *until;
  return call(condition, mutex, clock, &end);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept {
  static auto* const call = real<decltype(pthread_mutex_timedlock)>("pthread_mutex_timedlock");
  const timespec end = of_kernel(*until);
  return call(mutex, &end);
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
  static auto* const call = real<decltype(sem_timedwait)>("sem_timedwait");
  const timespec end = of_kernel(*until);
  return call(semaphore, &end);
}

// The libraries below gRPC wait with futexes of their own.
long syscall(long number, ...) noexcept {
  static auto* const call = real<long(long, ...)>("syscall");
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  timespec end{};
  const auto* const until = reinterpret_cast<const timespec*>(arguments[3]);
  if (number == SYS_futex && (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 && until != nullptr) {
    end = of_kernel(*until);
    arguments[3] = reinterpret_cast<long>(&end);
  }
  return call(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

}  // extern "C"
