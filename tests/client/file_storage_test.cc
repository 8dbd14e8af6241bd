#include "covey/client/file_storage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"

namespace covey::client {
namespace {

namespace fs = std::filesystem;

// A folder of its own, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "covey-storage-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { fs::remove_all(path); }
  std::string storage() const { return (path / "deep" / "store").string(); }
  fs::path file(const char* name) const { return path / "deep" / "store" / name; }

  fs::path path;
};

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}
void write_file(const fs::path& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::string> texts_of(const std::vector<SecretBytes>& records) {
  std::vector<std::string> texts;
  for (const SecretBytes& record : records) texts.emplace_back(text_of(record.reveal()));
  return texts;
}

using Texts = std::vector<std::string>;
const Texts kRecords = {"one", "", "the third record"};

FileStorage with_records(const TemporaryFolder& folder) {
  FileStorage storage = FileStorage::open(folder.storage()).value();
  for (const std::string& record : kRecords) {
    REQUIRE(storage.append("session", view_of(record)));
  }
  return storage;
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777u;
}

}  // namespace

TEST_CASE("what was put and appended is there after the storage is opened again") {
  const TemporaryFolder folder;
  {
    FileStorage storage = with_records(folder);
    CHECK_FALSE(storage.get("round").value());
    REQUIRE(storage.put("round", view_of("first")));
    REQUIRE(storage.put("round", view_of("second")));
    REQUIRE(storage.put("a/b.c-9", view_of("")));
  }
  FileStorage storage = FileStorage::open(folder.storage()).value();
  CHECK(text_of(storage.get("round").value()->reveal()) == "second");
  CHECK(storage.get("a/b.c-9").value()->size() == 0);
  CHECK(texts_of(storage.records("session").value()) == kRecords);
  REQUIRE(storage.append("session", view_of("four")));
  CHECK(storage.records("session").value().size() == 4);
  REQUIRE(storage.erase("session"));
  REQUIRE(storage.erase("session"));
  CHECK(storage.records("session").value().empty());
  CHECK(mode_of(folder.storage()) == 0700);
  CHECK(mode_of(folder.file("round.value")) == 0600);
}

TEST_CASE("a list cut off at any byte has the records that were whole, and takes new ones") {
  const TemporaryFolder folder;
  std::vector<std::size_t> ends;
  {
    FileStorage storage = FileStorage::open(folder.storage()).value();
    for (const std::string& record : kRecords) {
      REQUIRE(storage.append("session", view_of(record)));
      ends.push_back(fs::file_size(folder.file("session.records")));
    }
  }
  const Bytes whole = read_file(folder.file("session.records"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    for (const bool is_padded : {false, true}) {  // some file systems leave zeros
      INFO("cut off at byte " << size << (is_padded ? ", zeros behind" : ""));
      Bytes torn(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      if (is_padded) torn.resize(whole.size());
      write_file(folder.file("session.records"), torn);
      FileStorage storage = FileStorage::open(folder.storage()).value();
      Texts expected;
      for (std::size_t i = 0; i < ends.size() && ends[i] <= size; ++i) {
        expected.push_back(kRecords[i]);
      }
      CHECK(texts_of(storage.records("session").value()) == expected);
      REQUIRE(storage.append("session", view_of("new")));
      expected.push_back("new");
      CHECK(texts_of(storage.records("session").value()) == expected);
    }
  }
}

TEST_CASE("a flipped byte of a record that has others behind it is found") {
  const TemporaryFolder folder;
  std::size_t last_begins = 0;
  {
    FileStorage storage = FileStorage::open(folder.storage()).value();
    for (const std::string& record : kRecords) {
      if (&record == &kRecords.back()) last_begins = fs::file_size(folder.file("session.records"));
      REQUIRE(storage.append("session", view_of(record)));
    }
  }
  const Bytes whole = read_file(folder.file("session.records"));
  for (std::size_t at = 0; at < last_begins; ++at) {
    INFO("byte " << at);
    Bytes damaged = whole;
    damaged[at] ^= 0x40;
    write_file(folder.file("session.records"), damaged);
    FileStorage storage = FileStorage::open(folder.storage()).value();
    const auto records = storage.records("session");
    REQUIRE_FALSE(records);
    CHECK(records.error().code == ErrorCode::kDataLoss);
    CHECK_FALSE(storage.append("session", view_of("new")));
  }
}

TEST_CASE("a damaged value is found, and a value under way leaves the old one") {
  const TemporaryFolder folder;
  FileStorage storage = FileStorage::open(folder.storage()).value();
  REQUIRE(storage.put("ledger", view_of("rounds")));
  write_file(folder.file("ledger.value.new"), view_of("half a va"));
  CHECK(text_of(storage.get("ledger").value()->reveal()) == "rounds");

  const Bytes whole = read_file(folder.file("ledger.value"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 1;
    write_file(folder.file("ledger.value"), damaged);
    const auto value = storage.get("ledger");
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::kDataLoss);
  }
}

TEST_CASE("a folder belongs to one storage at a time") {
  const TemporaryFolder folder;
  {
    const FileStorage first = FileStorage::open(folder.storage()).value();
    const auto second = FileStorage::open(folder.storage());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::kFailedPrecondition);
  }
  CHECK(FileStorage::open(folder.storage()));
}

TEST_CASE("a key that could leave the folder is refused") {
  const TemporaryFolder folder;
  FileStorage storage = FileStorage::open(folder.storage()).value();
  for (const char* key : {"", "A", "a b", "a_b", "a\\b"}) CHECK_FALSE(storage.put(key, {}));
  REQUIRE(storage.put("../../up", view_of("inside")));
  CHECK_FALSE(fs::exists(folder.path / "up.value"));
  CHECK(storage.get("../../up").value());
}

}  // namespace covey::client
