#include "simulation/app/stop_signal.h"

#include <unistd.h>

#include <csignal>
#include <string_view>

namespace covey::simulation {
namespace {

constexpr int kAtOnce = 130;
constexpr std::string_view kSaid =
    "\nIt stops when this round has ended; once more (Ctrl-C) ends it at once.\n";

// What a handler may touch.
volatile std::sig_atomic_t asked = 0;

extern "C" void on_stop_signal(int) {
  if (asked != 0) ::_exit(kAtOnce);
  asked = 1;
  [[maybe_unused]] const auto said = ::write(STDERR_FILENO, kSaid.data(), kSaid.size());
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

bool is_stop_asked() { return asked != 0; }

}  // namespace covey::simulation
