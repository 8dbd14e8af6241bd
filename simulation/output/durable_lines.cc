#include "simulation/output/durable_lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "covey/shell/files.h"

namespace covey::simulation {

Error path_error(std::string_view what, const std::string& path) {
  return path_error(what, path, std::error_code(errno, std::generic_category()));
}

Error path_error(std::string_view what, const std::string& path, std::error_code error) {
  const bool is_full = error == std::errc::no_space_on_device;
  const bool is_denied = error == std::errc::permission_denied;
  return {is_full     ? ErrorCode::kResourceExhausted
          : is_denied ? ErrorCode::kPermissionDenied
                      : ErrorCode::kFailedPrecondition,
          std::string(what) + " '" + path + "': " + error.message()};
}

Status write_whole(const std::string& path, ByteView bytes) {
  COVEY_ASSIGN_OR_RETURN(shell::AtomicFile file, shell::AtomicFile::create(path));
  COVEY_RETURN_IF_ERROR(file.append(bytes));
  return file.finish();
}

Status append_line(const std::string& path, std::string line) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor < 0) return path_error("cannot open", path);
  line += '\n';
  Status status;
  for (std::string_view left = line; status && !left.empty();) {
    const ssize_t written = ::write(descriptor, left.data(), left.size());
    if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) status = path_error("cannot write", path);
  }
  if (status && ::fsync(descriptor) != 0) status = path_error("cannot make durable", path);
  ::close(descriptor);
  return status;
}

}  // namespace covey::simulation
