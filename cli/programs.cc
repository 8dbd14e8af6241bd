#include "cli/programs.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/exit_status.h"

namespace covey::cli {
namespace {

constexpr std::array kPrograms = {
    Program{"pki", "", "the federation's authority: init, issue, revoke"},
    Program{"sim", "covey-sim", "try a federation out on this machine"},
    Program{"client", "covey-client", "run the reference device agent"},
    Program{"coordinator", "covey-coordinator", "run the coordinator"},
};

}  // namespace

std::span<const Program> other_programs() { return kPrograms; }

int become(const Program& program, int argc, char** argv, std::ostream& err) {
  const std::string name(program.executable);
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string beside = error ? name : (self.parent_path() / name).string();
  std::vector<char*> arguments(argv + 1, argv + argc);  // without "covey"
  arguments.front() = const_cast<char*>(name.c_str());
  arguments.push_back(nullptr);
  ::execv(beside.c_str(), arguments.data());
  if (errno == ENOENT) ::execvp(name.c_str(), arguments.data());
  const int why = errno;
  err << "covey: " << name << " cannot be run"
      << (why == ENOENT
              ? ": it is neither beside covey nor in PATH; install it, or build Covey with it"
              : std::string(": ") + std::strerror(why))
      << '\n';
  return kRefused;
}

}  // namespace covey::cli
