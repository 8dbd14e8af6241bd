#include "covey/client/file_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "client/storage/record_list.h"
#include "covey/crypto/digest.h"

namespace covey::client {
namespace {

constexpr std::size_t kMaxKeyBytes = 64;
constexpr const char* kValueEnding = ".value";
constexpr const char* kAsideEnding = ".value.new";
constexpr const char* kListEnding = ".records";

Error file_error(const char* doing, const std::string& path) {
  const int number = errno;
  const bool is_full = number == ENOSPC || number == EDQUOT;
  return {is_full ? ErrorCode::kResourceExhausted : ErrorCode::kUnavailable,
          std::string(doing) + " '" + path + "' failed: " + std::strerror(number)};
}

class File {
 public:
  File(const std::string& path, int flags) {
    do {
      descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    } while (descriptor_ < 0 && errno == EINTR);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_ = -1;
};

bool write_all(int descriptor, ByteView bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int descriptor, MutableByteView bytes) {
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    const ssize_t got = ::pread(descriptor, bytes.data() + offset, bytes.size() - offset,
                                static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    offset += static_cast<std::size_t>(got);
  }
  return true;
}

bool make_folders(const std::string& folder) {
  for (std::size_t end = 1; end <= folder.size(); ++end) {
    if (end < folder.size() && folder[end] != '/') continue;
    if (::mkdir(folder.substr(0, end).c_str(), 0700) != 0 && errno != EEXIST) return false;
  }
  return true;
}

}  // namespace

Result<FileStorage> FileStorage::open(const std::string& folder) {
  if (folder.empty()) return invalid_argument("a storage needs the name of a folder");
  if (!make_folders(folder)) return file_error("making the folder", folder);
  File directory(folder, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) return file_error("opening the folder", folder);
  if (::fchmod(directory.descriptor(), 0700) != 0) {
    return file_error("closing to other users the folder", folder);
  }
  File lock(folder + "/lock", O_RDWR | O_CREAT);
  if (!lock.is_open()) return file_error("opening", folder + "/lock");
  if (::flock(lock.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error("locking", folder + "/lock");
    return Error{ErrorCode::kFailedPrecondition,
                 "the folder '" + folder + "' is in use by another process; two devices need two"};
  }
  return FileStorage(folder, directory.release(), lock.release());
}

FileStorage::FileStorage(FileStorage&& other) noexcept
    : folder_(std::move(other.folder_)),
      directory_(std::exchange(other.directory_, -1)),
      lock_(std::exchange(other.lock_, -1)),
      whole_bytes_(std::move(other.whole_bytes_)) {}

FileStorage& FileStorage::operator=(FileStorage&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(directory_, other.directory_);
  std::swap(lock_, other.lock_);
  std::swap(whole_bytes_, other.whole_bytes_);
  return *this;
}

FileStorage::~FileStorage() {
  if (directory_ >= 0) ::close(directory_);
  if (lock_ >= 0) ::close(lock_);
}

// A slash becomes an underscore, which no key has; the ending keeps the name from being one that
// the file system gives a meaning.
Result<std::string> FileStorage::path(std::string_view key, const char* ending) const {
  const bool is_legal =
      !key.empty() && key.size() <= kMaxKeyBytes && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '-';
      });
  if (!is_legal) return invalid_argument("a key has 1 to 64 characters of [a-z0-9./-]");
  std::string name(key);
  std::ranges::replace(name, '/', '_');
  return folder_ + "/" + name + ending;
}

Status FileStorage::sync_folder() const {
  if (::fsync(directory_) != 0) return file_error("making durable the folder", folder_);
  return {};
}

Result<std::optional<SecretBytes>> FileStorage::read_file(const std::string& path) const {
  const File file(path, O_RDONLY);
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<SecretBytes>();
    return file_error("opening", path);
  }
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return file_error("reading", path);
  SecretBytes bytes(static_cast<std::size_t>(status.st_size));
  if (!read_all(file.descriptor(), bytes.reveal_mutable())) return file_error("reading", path);
  return std::optional<SecretBytes>(std::move(bytes));
}

Result<std::optional<SecretBytes>> FileStorage::get(std::string_view key) {
  COVEY_ASSIGN_OR_RETURN(const std::string file, path(key, kValueEnding));
  COVEY_ASSIGN_OR_RETURN(auto saved, read_file(file));
  if (!saved) return std::optional<SecretBytes>();
  const ByteView bytes = saved->reveal();
  const std::size_t size = bytes.size() < sizeof(Digest) ? 0 : bytes.size() - sizeof(Digest);
  if (bytes.size() < sizeof(Digest) ||
      !std::ranges::equal(crypto::sha256(bytes.first(size)), bytes.subspan(size))) {
    return Error{ErrorCode::kDataLoss, "'" + file + "' is damaged: its digest does not hold"};
  }
  return std::optional<SecretBytes>(SecretBytes(bytes.first(size)));
}

Status FileStorage::put(std::string_view key, ByteView value) {
  COVEY_ASSIGN_OR_RETURN(const std::string place, path(key, kValueEnding));
  COVEY_ASSIGN_OR_RETURN(const std::string aside, path(key, kAsideEnding));
  {
    const File file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.is_open()) return file_error("opening", aside);
    if (!write_all(file.descriptor(), value, 0) ||
        !write_all(file.descriptor(), crypto::sha256(value), value.size()) ||
        ::fsync(file.descriptor()) != 0) {
      return file_error("writing", aside);
    }
  }
  if (::rename(aside.c_str(), place.c_str()) != 0) return file_error("replacing", place);
  return sync_folder();
}

Result<std::size_t> FileStorage::whole_bytes(std::string_view key, const std::string& path) {
  const auto known = whole_bytes_.find(path);
  if (known != whole_bytes_.end()) return known->second;
  COVEY_RETURN_IF_ERROR(records(key));  // which notes it
  return whole_bytes_[path];
}

Status FileStorage::append(std::string_view key, ByteView record) {
  COVEY_ASSIGN_OR_RETURN(const std::string place, path(key, kListEnding));
  if (record.size() > kMaxRecordBytes) {
    return invalid_argument("a record has at most " + std::to_string(kMaxRecordBytes) + " bytes");
  }
  COVEY_ASSIGN_OR_RETURN(const std::size_t begin, whole_bytes(key, place));
  const File file(place, O_RDWR | O_CREAT);
  if (!file.is_open()) return file_error("opening", place);
  const SecretBytes frame = framed_record(begin, record);
  if (::ftruncate(file.descriptor(), static_cast<off_t>(begin)) != 0 ||
      !write_all(file.descriptor(), frame.reveal(), begin) || ::fsync(file.descriptor()) != 0) {
    return file_error("writing", place);  // the next one overwrites what there is of it
  }
  if (begin == 0) COVEY_RETURN_IF_ERROR(sync_folder());
  whole_bytes_[place] = begin + frame.size();
  return {};
}

Result<std::vector<SecretBytes>> FileStorage::records(std::string_view key) {
  COVEY_ASSIGN_OR_RETURN(const std::string place, path(key, kListEnding));
  COVEY_ASSIGN_OR_RETURN(const auto file, read_file(place));
  auto list = read_record_list(file ? file->reveal() : ByteView());
  if (!list) return Error{list.error().code, "'" + place + "': " + list.error().message};
  whole_bytes_[place] = list->whole_bytes;
  return std::move(list->records);
}

Status FileStorage::erase(std::string_view key) {
  for (const char* ending : {kValueEnding, kAsideEnding, kListEnding}) {
    COVEY_ASSIGN_OR_RETURN(const std::string file, path(key, ending));
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return file_error("removing", file);
    whole_bytes_.erase(file);
  }
  return sync_folder();
}

}  // namespace covey::client
