#include "coordinator/store/blob_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace covey::coordinator {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Error altered(const std::string& path) {
  return {ErrorCode::kDataLoss,
          "the blob " + path + " does not have the SHA-256 that it is named by: it was cut short " +
              "or altered. Restore it from a backup, or put the same content again"};
}

class FileReader final : public BlobReader {
 public:
  FileReader(File file, std::uint64_t size_bytes, std::string path)
      : file_(std::move(file)), size_bytes_(size_bytes), path_(std::move(path)) {}

  std::uint64_t size_bytes() const override { return size_bytes_; }
  Status read(std::uint64_t offset, MutableByteView out) const override {
    if (offset > size_bytes_ || out.size() > size_bytes_ - offset) {
      return Error{ErrorCode::kOutOfRange, "the blob has " + std::to_string(size_bytes_) +
                                               " bytes, which end before what is asked for"};
    }
    return read_at(file_, offset, out, path_);
  }

 private:
  const File file_;
  const std::uint64_t size_bytes_;
  const std::string path_;
};

}  // namespace

class BlobFolder::Writer final : public BlobWriter {
 public:
  Writer(BlobFolder& folder, IncomingFile file) : folder_(folder), file_(std::move(file)) {}

  Status append(ByteView bytes) override {
    if (!file_) return over();
    Status status = check_space(folder_.incoming_, bytes.size(), folder_.reserve_bytes_);
    if (status) status = file_->append(bytes);
    if (!status) file_.reset();
    sha256_.add(bytes);
    return status;
  }

  Result<Digest> finish() override {
    if (!file_) return over();
    const Digest digest = sha256_.digest();
    COVEY_ASSIGN_OR_RETURN(const bool is_there, folder_.has_whole(digest));
    IncomingFile file = std::move(*file_);
    file_.reset();
    if (is_there) return digest;
    COVEY_RETURN_IF_ERROR(folder_.publish(std::move(file), digest));
    return digest;
  }

 private:
  static Error over() {
    return {ErrorCode::kFailedPrecondition,
            "this blob is finished, or could not be written: begin another"};
  }

  BlobFolder& folder_;
  std::optional<IncomingFile> file_;  // none: finished or failed
  crypto::Sha256 sha256_;
};

Result<Digest> BlobFolder::put(ByteView bytes) {
  const Digest digest = crypto::sha256(bytes);
  COVEY_ASSIGN_OR_RETURN(const bool is_there, has_whole(digest));
  if (is_there) return digest;
  COVEY_RETURN_IF_ERROR(check_space(incoming_, bytes.size(), 0));
  COVEY_ASSIGN_OR_RETURN(IncomingFile file, IncomingFile::create(incoming_));
  COVEY_RETURN_IF_ERROR(file.append(bytes));
  COVEY_RETURN_IF_ERROR(publish(std::move(file), digest));
  return digest;
}

Result<std::unique_ptr<BlobWriter>> BlobFolder::write() {
  COVEY_ASSIGN_OR_RETURN(IncomingFile file, IncomingFile::create(incoming_));
  return std::unique_ptr<BlobWriter>(std::make_unique<Writer>(*this, std::move(file)));
}

Result<std::shared_ptr<const BlobReader>> BlobFolder::open(const Digest& digest) const {
  std::string path = path_of(digest);
  COVEY_ASSIGN_OR_RETURN(File file, File::open_to_read(path));
  COVEY_ASSIGN_OR_RETURN(const Stamp stamp, stamp_of(file, path));
  COVEY_RETURN_IF_ERROR(check_digest(file, stamp, digest));
  return std::shared_ptr<const BlobReader>(
      std::make_shared<FileReader>(std::move(file), stamp.size_bytes, std::move(path)));
}

Result<Bytes> BlobFolder::get(const Digest& digest) const {
  const std::string path = path_of(digest);
  COVEY_ASSIGN_OR_RETURN(Bytes bytes, read_whole(path));
  if (crypto::sha256(bytes) != digest) return altered(path);
  return bytes;
}

Status BlobFolder::remove(const Digest& digest) {
  const std::string path = path_of(digest);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return file_error("removing", path);
  const std::scoped_lock lock(mutex_);
  verified_.erase(digest);
  return {};
}

std::uint64_t BlobFolder::free_bytes() const {
  const auto left = coordinator::free_bytes(incoming_);
  return left && *left > reserve_bytes_ ? *left - reserve_bytes_ : 0;
}

Result<BlobFolder::Stamp> BlobFolder::stamp_of(const File& file, const std::string& path) {
  struct stat about {};
  if (::fstat(file.descriptor(), &about) != 0) return file_error("reading", path);
  return Stamp{about.st_ino, static_cast<std::uint64_t>(about.st_size), nanoseconds(about.st_mtim),
               nanoseconds(about.st_ctim)};
}

std::string BlobFolder::folder_of(const Digest& digest) const {
  return blobs_ + "/" + to_hex(digest).substr(0, 2);
}

std::string BlobFolder::path_of(const Digest& digest) const {
  return folder_of(digest) + "/" + to_hex(digest).substr(2);
}

Status BlobFolder::check_digest(const File& file, const Stamp& stamp, const Digest& digest) const {
  if (is_verified(digest, stamp)) return {};
  const std::scoped_lock lock(hashing_);
  if (is_verified(digest, stamp)) return {};
  const std::string path = path_of(digest);
  crypto::Sha256 sha256;
  Bytes piece(std::min<std::uint64_t>(stamp.size_bytes, kPieceBytes));
  for (std::uint64_t at = 0; at < stamp.size_bytes; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(stamp.size_bytes - at, kPieceBytes));
    COVEY_RETURN_IF_ERROR(read_at(file, at, piece, path));
    sha256.add(piece);
  }
  if (sha256.digest() != digest) return altered(path);
  set_verified(digest, stamp);
  return {};
}

// A damaged file counts as none, so that putting its content again mends it.
Result<bool> BlobFolder::has_whole(const Digest& digest) const {
  const auto found = open(digest);
  if (found) {
    // A process that was killed between the two may have named the file without syncing the name.
    COVEY_RETURN_IF_ERROR(sync_folder(folder_of(digest)));
    return true;
  }
  const ErrorCode code = found.error().code;
  if (code == ErrorCode::kNotFound || code == ErrorCode::kDataLoss) return false;
  return found.error();
}

Status BlobFolder::publish(IncomingFile file, const Digest& digest) {
  const std::string folder = folder_of(digest);
  COVEY_RETURN_IF_ERROR(make_folder(folder));
  COVEY_RETURN_IF_ERROR(file.publish(folder, to_hex(digest).substr(2)));
  // Known to be what its name says: it was hashed on its way here.
  COVEY_ASSIGN_OR_RETURN(const File published, File::open_to_read(path_of(digest)));
  COVEY_ASSIGN_OR_RETURN(const Stamp stamp, stamp_of(published, path_of(digest)));
  set_verified(digest, stamp);
  return {};
}

bool BlobFolder::is_verified(const Digest& digest, const Stamp& stamp) const {
  const std::scoped_lock lock(mutex_);
  const auto known = verified_.find(digest);
  return known != verified_.end() && known->second == stamp;
}

void BlobFolder::set_verified(const Digest& digest, const Stamp& stamp) const {
  const std::scoped_lock lock(mutex_);
  verified_[digest] = stamp;
}

}  // namespace covey::coordinator
