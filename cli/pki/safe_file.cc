#include "cli/pki/safe_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace covey::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 32 << 20;

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case EACCES:
    case EPERM:
      return ErrorCode::kPermissionDenied;
    default:
      return ErrorCode::kUnavailable;
  }
}

// `what`: "cannot write", "cannot read", …
Error system_error(const char* what, const fs::path& path) {
  const int error = errno;
  return {code_of(error),
          std::string(what) + " " + path.string() + ": " + std::system_category().message(error)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool write_all(int file, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

Status sync_folder(const fs::path& folder) {
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || fsync(opened.get()) != 0) return system_error("cannot write", folder);
  return {};
}

}  // namespace

Result<SafeFile> SafeFile::stage(fs::path path, ByteView content, int mode) {
  std::string name = path.string() + ".XXXXXX";
  const Descriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (!file) return system_error("cannot write", path);
  SafeFile staged(std::move(path), name);
  if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0 || !write_all(file.get(), content) ||
      fsync(file.get()) != 0) {
    return system_error("cannot write", staged.path_);
  }
  return staged;
}

SafeFile::SafeFile(SafeFile&& other) noexcept
    : path_(std::move(other.path_)), staged_(std::exchange(other.staged_, fs::path())) {}

SafeFile::~SafeFile() {
  if (!staged_.empty()) unlink(staged_.c_str());
}

Status SafeFile::commit() {
  if (rename(staged_.c_str(), path_.c_str()) != 0) return system_error("cannot write", path_);
  staged_.clear();
  return sync_folder(folder_of(path_));
}

// A link to a name that is taken fails, where a move would replace what is there.
Status SafeFile::commit_new_only() {
  if (link(staged_.c_str(), path_.c_str()) != 0) {
    if (errno != EEXIST) return system_error("cannot write", path_);
    return Error{ErrorCode::kAlreadyExists,
                 path_.string() + " is there already: it is not overwritten, give another path"};
  }
  return sync_folder(folder_of(path_));
}

Status write_file(const fs::path& path, ByteView content, int mode) {
  COVEY_ASSIGN_OR_RETURN(SafeFile file, SafeFile::stage(path, content, mode));
  return file.commit();
}

Status write_new_file(const fs::path& path, ByteView content, int mode) {
  COVEY_ASSIGN_OR_RETURN(SafeFile file, SafeFile::stage(path, content, mode));
  return file.commit_new_only();
}

Result<SecretBytes> read_secret_file(const fs::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about;
  if (!file || fstat(file.get(), &about) != 0) return system_error("cannot read", path);
  const auto size = static_cast<std::size_t>(about.st_size);
  if (!S_ISREG(about.st_mode) || size > kMaxFileBytes) {
    return invalid_argument("expected a file of at most 32 MiB, found something else: " +
                            path.string());
  }
  SecretBytes content(size);
  MutableByteView rest = content.reveal_mutable();
  while (!rest.empty()) {
    const ssize_t got = read(file.get(), rest.data(), rest.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path);
    if (got == 0) return invalid_argument("changed while it was read: " + path.string());
    rest = rest.subspan(static_cast<std::size_t>(got));
  }
  return content;
}

Result<std::string> read_text_file(const fs::path& path) {
  COVEY_ASSIGN_OR_RETURN(const SecretBytes content, read_secret_file(path));
  return std::string(text_of(content.reveal()));
}

Status make_empty_folder(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) == 0) return sync_folder(folder_of(path));
  if (errno != EEXIST) return system_error("cannot make the folder", path);
  std::error_code error;
  if (!fs::is_empty(path, error) || error) {
    return Error{ErrorCode::kAlreadyExists, "expected a new or empty folder, found something in " +
                                                path.string() +
                                                ": give another folder, nothing is overwritten"};
  }
  if (chmod(path.c_str(), 0700) != 0) return system_error("cannot use the folder", path);
  return {};
}

Result<FolderLock> FolderLock::acquire(const fs::path& folder) {
  FolderLock lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.descriptor_ < 0 || flock(lock.descriptor_, LOCK_EX) != 0) {
    return system_error("cannot use the folder", folder);
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace covey::cli
