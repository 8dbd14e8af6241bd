#include "integration/world/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "covey/base/check.h"

namespace covey::testing {
namespace {

constexpr std::chrono::milliseconds kPause{5};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child: only what may be called between fork and exec of a process with threads.
[[noreturn]] void become(char* const* arguments, char* const* environment, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, std::filesystem::path output_file,
                 const std::vector<std::string>& environment)
    : output_file_(std::move(output_file)) {
  std::vector<std::string> texts = command;
  const std::vector<char*> arguments = pointers_to(texts);
  std::vector<std::string> variables = environment;  // the first of a name counts
  for (char** own = environ; *own != nullptr; ++own) variables.emplace_back(*own);
  const std::vector<char*> all_variables = pointers_to(variables);
  const int output =
      open(output_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  COVEY_CHECK(output >= 0);  // the test's own folder
  id_ = fork();
  COVEY_CHECK(id_ >= 0);  // else this machine runs no tests
  if (id_ == 0) become(arguments.data(), all_variables.data(), output);
  close(output);
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      exit_status_(other.exit_status_),
      is_stopped_(other.is_stopped_),
      output_file_(std::move(other.output_file_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  end();
  id_ = std::exchange(other.id_, -1);
  exit_status_ = other.exit_status_;
  is_stopped_ = other.is_stopped_;
  output_file_ = std::move(other.output_file_);
  return *this;
}

Process::~Process() { end(); }

void Process::end() {
  if (id_ < 0) return;
  send_signal(SIGKILL);
  waitpid(id_, nullptr, 0);
  id_ = -1;
}

void Process::send_signal(int signal) {
  if (id_ < 0) return;
  if (signal == SIGCONT) is_stopped_ = false;
  ::kill(id_, signal);
}

Process::State Process::look() {
  if (id_ < 0) return State::kEnded;
  int status = 0;
  if (waitpid(id_, &status, WNOHANG | WUNTRACED) == id_) {
    if (WIFSTOPPED(status)) {
      is_stopped_ = true;
    } else {
      exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      id_ = -1;
      return State::kEnded;
    }
  }
  return is_stopped_ ? State::kStopped : State::kRunning;
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  for (auto waited = kPause * 0; look() != State::kEnded && waited < patience; waited += kPause) {
    std::this_thread::sleep_for(kPause);
  }
  return exit_status_;
}

bool Process::wait_until_stopped() {
  State state = look();
  for (auto waited = kPause * 0; state == State::kRunning && waited < kPatience; waited += kPause) {
    std::this_thread::sleep_for(kPause);
    state = look();
  }
  return state == State::kStopped;
}

std::string Process::output() const { return read_text(output_file_); }

CommandResult run_command(const std::vector<std::string>& command,
                          const std::filesystem::path& output_file) {
  std::filesystem::remove(output_file);
  Process process(command, output_file);
  CommandResult result;
  result.exit_status = process.wait().value_or(-1);
  result.output = process.output();
  return result;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  COVEY_CHECK(static_cast<bool>(out.flush()));  // the test's own folder
}

}  // namespace covey::testing
