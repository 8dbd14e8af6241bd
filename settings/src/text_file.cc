#include "covey/settings/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace covey::settings {
namespace {

Error unreadable(const std::string& what, const std::string& path, const std::string& advice) {
  return {ErrorCode::kNotFound,
          what + (path.empty() ? " is not set" : ", " + path + ", cannot be read") + "; " + advice};
}

// By the system's calls: a stream would keep a copy in its buffer. False when it cannot be read.
template <typename Allocate>
bool read_whole(const std::string& path, const Allocate& allocate) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  struct stat status {};
  bool is_read = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  if (is_read) {
    MutableByteView rest = allocate(static_cast<std::size_t>(status.st_size));
    while (is_read && !rest.empty()) {
      const ssize_t got = ::read(file, rest.data(), rest.size());
      is_read = got > 0;
      if (is_read) rest = rest.subspan(static_cast<std::size_t>(got));
    }
  }
  ::close(file);
  return is_read;
}

}  // namespace

Result<std::string> read_text_file(const std::string& what, const std::string& path,
                                   const std::string& advice) {
  std::string text;
  const bool is_read = read_whole(path, [&](std::size_t size) {
    text.resize(size);
    return MutableByteView(reinterpret_cast<std::uint8_t*>(text.data()), size);
  });
  if (!is_read) return unreadable(what, path, advice);
  return text;
}

Result<SecretBytes> read_secret_file(const std::string& what, const std::string& path,
                                     const std::string& advice) {
  SecretBytes secret;
  const bool is_read = read_whole(path, [&](std::size_t size) {
    secret = SecretBytes(size);
    return secret.reveal_mutable();
  });
  if (!is_read) return unreadable(what, path, advice);
  return secret;
}

}  // namespace covey::settings
