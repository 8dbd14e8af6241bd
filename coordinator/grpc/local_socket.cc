#include "coordinator/grpc/local_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace covey::coordinator::local_socket {
namespace {

Error failed(ErrorCode code, const std::string& what) {
  return {code, what + ": " + std::strerror(errno)};
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return invalid_argument("expected a socket's path of 1 to " +
                            std::to_string(sizeof(address.sun_path) - 1) + " bytes, found " +
                            std::to_string(path.size()) + ": choose a shorter one");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Status make_private_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return failed(ErrorCode::kFailedPrecondition, "the folder " + folder + " cannot be made");
  }
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    return failed(ErrorCode::kFailedPrecondition, "the folder " + folder + " cannot be looked at");
  }
  if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
      (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{ErrorCode::kFailedPrecondition,
                 "expected " + folder +
                     " to be a folder that only this user can look into, since whoever opens the "
                     "admin socket in it may do everything: chmod 700 it, or choose another one"};
  }
  return {};
}

}  // namespace

Result<bool> is_listened_on(const std::string& path) {
  COVEY_ASSIGN_OR_RETURN(const sockaddr_un address, address_of(path));
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return failed(ErrorCode::kResourceExhausted, "no socket could be made");
  const bool is_accepted =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return is_accepted;
}

Status make_room(const std::string& path) {
  COVEY_ASSIGN_OR_RETURN(const bool is_taken, is_listened_on(path));
  if (is_taken) {
    return Error{ErrorCode::kUnavailable,
                 "another coordinator listens on " + path + ": stop it, or choose another socket"};
  }
  COVEY_RETURN_IF_ERROR(make_private_folder(folder_of(path)));
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return {};  // nothing there
  if (!S_ISSOCK(status.st_mode)) {
    return Error{ErrorCode::kFailedPrecondition,
                 "expected no file or an old socket at " + path + ", found something else"};
  }
  if (unlink(path.c_str()) != 0) {
    return failed(ErrorCode::kFailedPrecondition, "the old socket " + path + " cannot be removed");
  }
  return {};
}

Status restrict_to_owner(const std::string& path) {
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0) return {};
  return failed(ErrorCode::kFailedPrecondition, "the socket " + path + " cannot be protected");
}

}  // namespace covey::coordinator::local_socket
