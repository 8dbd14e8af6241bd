#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace covey::testing {

// How long a test waits for what must happen, on a machine that may be slow: no test passes because
// this is short.
constexpr std::chrono::seconds kPatience{60};

// A child process, from its start to its end: killed and waited for at the latest when this is
// destroyed or when the test itself dies. Not thread-safe; started from the test's main thread.
class Process {
 public:
  // `command`: the program's path and its arguments. What it prints is appended to `output_file`.
  // `environment`: "NAME=value", beside this process's own.
  Process(const std::vector<std::string>& command, std::filesystem::path output_file,
          const std::vector<std::string>& environment = {});
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t id() const { return id_; }
  void send_signal(int signal);  // does nothing once it has ended
  // Its exit status, or 128 and the signal that ended it; none while it runs after `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience = kPatience);
  bool wait_until_stopped();  // by SIGSTOP; false when it ends, or does not stop
  std::string output() const;

 private:
  enum class State { kRunning, kStopped, kEnded };
  State look();
  void end();

  pid_t id_ = -1;  // -1: ended, or moved from
  std::optional<int> exit_status_;
  bool is_stopped_ = false;
  std::filesystem::path output_file_;
};

struct CommandResult {
  int exit_status = -1;
  std::string output;
};
// Runs a program to its end. `output_file` is replaced.
CommandResult run_command(const std::vector<std::string>& command,
                          const std::filesystem::path& output_file);

std::string read_text(const std::filesystem::path& file);  // empty when it is not there
void write_text(const std::filesystem::path& file, const std::string& text);

}  // namespace covey::testing
