// covey: what an operator types. Links neither LibTorch nor a database, so that it answers at once;
// what needs more is a program of its own, which this one starts.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "cli/command_line.h"
#include "cli/pki/run_pki.h"
#include "cli/programs.h"

int main(int argc, char** argv) {
  using std::chrono::steady_clock;
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // what is to be said is said by us, in our own form
  std::signal(SIGPIPE, SIG_DFL);          // `covey … | head` ends quietly
  if (argc > 1) {
    for (const covey::cli::Program& program : covey::cli::other_programs()) {
      if (program.word != argv[1]) continue;
      if (program.executable.empty()) return covey::cli::run_pki(argc - 1, argv + 1);
      return covey::cli::become(program, argc, argv, std::cerr);
    }
  }
  covey::cli::Context context{
      std::cout,
      std::cerr,
      ::isatty(STDERR_FILENO) == 1,
      [](const std::string& socket) { return covey::coordinator::connect_admin(socket); },
      [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            steady_clock::now().time_since_epoch());
      },
      [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return covey::cli::run(arguments, context);
}
