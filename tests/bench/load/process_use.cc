#include "bench/load/process_use.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace covey::bench {
namespace {

constexpr int kFieldsBeforeTimes = 11;  // of /proc/PID/stat, after the name in brackets

std::string path_of(pid_t process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

double cpu_seconds(const std::string& stat) {
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeTimes; ++i) fields >> skipped;
  double user_ticks = 0;
  double system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  return (user_ticks + system_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double mebibytes(const std::string& status, const std::string& name) {
  const std::size_t at = status.find(name + ":");
  if (at == status.npos) return 0;
  return std::stod(status.substr(at + name.size() + 1)) / 1024;
}

}  // namespace

Result<ProcessUse> use_of(pid_t process) {
  const std::string stat = read_text(path_of(process, "stat"));
  const std::string status = read_text(path_of(process, "status"));
  if (stat.empty() || status.empty()) {
    return Error{ErrorCode::kNotFound, "there is no process " + std::to_string(process)};
  }
  return ProcessUse{cpu_seconds(stat), mebibytes(status, "VmRSS"), mebibytes(status, "VmHWM")};
}

Status forget_peak(pid_t process) {
  std::ofstream file(path_of(process, "clear_refs"));
  file << "5";
  if (file.flush()) return {};
  return Error{ErrorCode::kPermissionDenied,
               "the peak of process " + std::to_string(process) + " cannot be forgotten"};
}

std::uint64_t raise_open_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace covey::bench
