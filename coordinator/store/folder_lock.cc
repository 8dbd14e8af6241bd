#include "coordinator/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace covey::coordinator {
namespace {

constexpr std::size_t kOwnerSize = 20;

// The number that `take` wrote into the file; anything else is not repeated.
std::string owner_of(const File& file) {
  std::array<char, kOwnerSize> text{};
  const ssize_t size = ::pread(file.descriptor(), text.data(), text.size(), 0);
  long process = 0;
  if (size <= 0) return "another process";
  const auto parsed = std::from_chars(text.data(), text.data() + size, process);
  return parsed.ec == std::errc() ? "process " + std::to_string(process) : "another process";
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.descriptor() < 0) return file_error("opening", path);
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("locking", path);
    return Error{ErrorCode::kFailedPrecondition,
                 "the folder " + folder + " is in use by " + owner_of(file) +
                     ": stop that coordinator, or give this one a folder of its own"};
  }
  // For the message above. Written in place, which asks a full disk for nothing.
  std::string process = std::to_string(::getpid()) + "\n";
  process.resize(kOwnerSize, ' ');
  if (::pwrite(file.descriptor(), process.data(), process.size(), 0) < 0) {
    return file_error("writing", path);
  }
  return FolderLock(std::move(file));
}

}  // namespace covey::coordinator
