#include "coordinator/store/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace covey::coordinator {
namespace {

std::string mebibytes(std::uint64_t size_bytes) {
  return std::to_string(size_bytes >> 20) + " MiB";
}

template <typename Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

Error file_error(std::string_view doing, const std::string& path) {
  const int number = errno;
  const std::string what = std::string(doing) + " " + path + " failed: ";
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::kResourceExhausted,
              what + "the disk or the quota is full; free some space and try again"};
    case EMFILE:
    case ENFILE:
      return {ErrorCode::kResourceExhausted, what + "too many files are open; raise `ulimit -n`"};
    case EROFS:
      return {ErrorCode::kPermissionDenied,
              what +
                  "the file system is read-only; a disk that reported errors may be, see the "
                  "system's log"};
    case EACCES:
    case EPERM:
      return {ErrorCode::kPermissionDenied,
              what + "not permitted; give the folder to the user that the coordinator runs as"};
    case ENOENT:
      return {ErrorCode::kNotFound, what + "it is not there"};
    case EIO:
      return {ErrorCode::kDataLoss,
              what + "the disk reports an error; see the system's log, and restore from a backup"};
    default:
      return {ErrorCode::kInternal, what + std::generic_category().message(number)};
  }
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::open_to_read(const std::string& path) {
  const int descriptor = retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (descriptor < 0) return file_error("opening", path);
  return File(descriptor);
}

Status read_at(const File& file, std::uint64_t offset, MutableByteView out,
               const std::string& path) {
  while (!out.empty()) {
    const ssize_t got = retried([&] {
      return ::pread(file.descriptor(), out.data(), out.size(), static_cast<off_t>(offset));
    });
    if (got < 0) return file_error("reading", path);
    if (got == 0) {
      return Error{ErrorCode::kDataLoss,
                   path + " is shorter than it was written; restore it from a backup"};
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Result<Bytes> read_whole(const std::string& path) {
  COVEY_ASSIGN_OR_RETURN(const File file, File::open_to_read(path));
  struct stat about {};
  if (::fstat(file.descriptor(), &about) != 0) return file_error("reading", path);
  Bytes bytes(static_cast<std::size_t>(about.st_size));
  COVEY_RETURN_IF_ERROR(read_at(file, 0, bytes, path));
  return bytes;
}

bool is_folder(const std::string& path) {
  struct stat about {};
  const int before = errno;
  const bool is_one = ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
  errno = before;
  return is_one;
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && (errno != EEXIST || !is_folder(path))) {
    return file_error("making the folder", path);
  }
  // Also when it was there: who made it may have been killed before this.
  const std::string parent = std::filesystem::path(path).parent_path();
  return sync_folder(parent.empty() ? "." : parent);
}

Status sync_folder(const std::string& path) {
  const File folder(
      retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (folder.descriptor() < 0) return file_error("opening the folder", path);
  if (::fsync(folder.descriptor()) != 0) return file_error("syncing the folder", path);
  return {};
}

Status empty_folder(const std::string& path) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (::unlink(entry->path().c_str()) != 0) return file_error("removing", entry->path());
  }
  if (error) {
    errno = error.value();
    return file_error("listing the folder", path);
  }
  return {};
}

Result<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs about {};
  if (retried([&] { return ::statvfs(path.c_str(), &about); }) != 0) {
    return file_error("asking for the free space of", path);
  }
  return std::uint64_t{about.f_bavail} * about.f_frsize;
}

Status check_space(const std::string& path, std::uint64_t size_bytes, std::uint64_t reserve_bytes) {
  COVEY_ASSIGN_OR_RETURN(const std::uint64_t left, free_bytes(path));
  if (left >= size_bytes && left - size_bytes >= reserve_bytes) return {};
  return Error{ErrorCode::kResourceExhausted,
               "the disk of " + path + " has " + mebibytes(left) + " free, of which " +
                   mebibytes(reserve_bytes) + " are kept in reserve: no room for " +
                   std::to_string(size_bytes) +
                   " bytes more. Free some space, or prune old versions of models"};
}

Result<IncomingFile> IncomingFile::create(const std::string& incoming_folder) {
  std::string path = incoming_folder + "/XXXXXX";
  File file(::mkostemp(path.data(), O_CLOEXEC));
  if (file.descriptor() < 0) return file_error("making a file in", incoming_folder);
  return IncomingFile(std::move(file), std::move(path));
}

IncomingFile::~IncomingFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Status IncomingFile::append(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        retried([&] { return ::write(file_.descriptor(), bytes.data(), bytes.size()); });
    if (written < 0) return file_error("writing", path_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status IncomingFile::publish(const std::string& folder, const std::string& name) {
  if (::fsync(file_.descriptor()) != 0) return file_error("writing", path_);
  const std::string place = folder + "/" + name;
  if (::rename(path_.c_str(), place.c_str()) != 0) return file_error("writing", place);
  path_.clear();
  return sync_folder(folder);
}

}  // namespace covey::coordinator
