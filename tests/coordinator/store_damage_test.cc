#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/store_support.h"

namespace covey::coordinator {
namespace {

using namespace testing;

constexpr std::uint64_t kPageBytes = 4096;    // SQLite's default
constexpr std::uint64_t kUserVersionAt = 60;  // in SQLite's header, big-endian

void fill(const std::string& folder) {
  const auto store = opened(folder);
  ok(store->put_task(sample_task("digits")));
  for (std::uint64_t i = 1; i <= 40; ++i) {
    RoundRecord round = sample_round("digits", i);
    round.saved.assign(i * 200, static_cast<std::uint8_t>(i));
    ok(store->put_round(round));
    ok(store->put_model(sample_model("digits", i)));
  }
  ok(store->commit());
}

TEST_CASE("a damaged page of the database is noticed at the start, whichever it is", "[store]") {
  const TemporaryFolder folder;
  fill(folder.store());
  const std::string whole = folder.path() + "/whole.db";
  std::filesystem::copy_file(folder.database(), whole);
  const std::uint64_t pages = std::filesystem::file_size(whole) / kPageBytes;
  REQUIRE(pages > 20);
  for (std::uint64_t page = 0; page < pages; ++page) {
    std::filesystem::copy_file(whole, folder.database(),
                               std::filesystem::copy_options::overwrite_existing);
    overwrite(folder.database(), page * kPageBytes, std::string(kPageBytes, '\xa5'));
    const Error error = error_of_opening(folder.store());
    INFO("page " << page << ": " << error.to_string());
    CHECK(error.code == ErrorCode::kDataLoss);
    CHECK(contains(error, folder.database()));
  }
  std::filesystem::copy_file(whole, folder.database(),
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(valid(opened(folder.store())->tasks()).size() == 1);
}

TEST_CASE("a database that was cut short is noticed at the start", "[store]") {
  const TemporaryFolder folder;
  fill(folder.store());
  std::filesystem::resize_file(folder.database(),
                               std::filesystem::file_size(folder.database()) / 2);
  const Error error = error_of_opening(folder.store());
  CHECK(error.code == ErrorCode::kDataLoss);
  CHECK(contains(error, folder.database()));
}

TEST_CASE("the database of a newer version is left alone", "[store]") {
  const TemporaryFolder folder;
  fill(folder.store());
  overwrite(folder.database(), kUserVersionAt, std::string("\0\0\0\x09", 4));
  const Error error = error_of_opening(folder.store());
  CHECK(error.code == ErrorCode::kFailedPrecondition);
  CHECK(contains(error, "newer version"));
  CHECK(contains(error, folder.database()));
}

TEST_CASE("a database of another program is left alone", "[store]") {
  const TemporaryFolder folder;
  fill(folder.store());
  overwrite(folder.database(), kUserVersionAt, std::string(4, '\0'));
  const Error error = error_of_opening(folder.store());
  CHECK(error.code == ErrorCode::kFailedPrecondition);
  CHECK(contains(error, "not one of Covey's"));
}

TEST_CASE("a folder has one coordinator at a time", "[store]") {
  const TemporaryFolder folder;
  auto store = opened(folder.store());
  const Error error = error_of_opening(folder.store());
  CHECK(error.code == ErrorCode::kFailedPrecondition);
  CHECK(contains(error, folder.store()));
  CHECK(contains(error, "process " + std::to_string(::getpid())));
  CHECK(contains(error, "a folder of its own"));
  ok(store->put_task(sample_task("digits")));  // the first has lost nothing by it
  ok(store->commit());
  store.reset();
  CHECK(valid(opened(folder.store())->tasks()).size() == 1);
}

TEST_CASE("the folder and what is in it are its owner's alone", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  ok(store->put_session("digits", 1, 0, {}));
  valid(store->put_blob({}));
  ok(store->put_task(sample_task("digits")));
  ok(store->commit());
  using std::filesystem::perms;
  CHECK(std::filesystem::status(folder.store()).permissions() == perms::owner_all);
  for (const std::string& file : files_under(folder.store())) {
    INFO(file);
    CHECK(std::filesystem::status(file).permissions() == (perms::owner_read | perms::owner_write));
  }
}

// Root may write everywhere, so that it is somebody else meanwhile.
class NotRoot {
 public:
  NotRoot() : was_root_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
  NotRoot(const NotRoot&) = delete;
  ~NotRoot() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool was_root_;
};

TEST_CASE("a folder that cannot be written to is named, with what to do", "[store]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.store());
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  REQUIRE(::chmod(folder.store().c_str(), 0555) == 0);
  Error of_old;
  Error of_new;
  {
    const NotRoot somebody;
    if (::geteuid() == 0) {
      WARN("skipped: this root cannot be anybody else");
      return;
    }
    of_old = error_of_opening(folder.store());
    of_new = error_of_opening(folder.path() + "/new");
  }
  REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
  REQUIRE(::chmod(folder.store().c_str(), 0700) == 0);
  CHECK(of_new.code == ErrorCode::kPermissionDenied);
  CHECK(contains(of_new, folder.path() + "/new"));
  CHECK(contains(of_new, "give the folder to the user"));
  CHECK(of_old.code == ErrorCode::kPermissionDenied);
  CHECK(contains(of_old, folder.store()));
}

TEST_CASE("a folder whose parent is missing is named", "[store]") {
  const TemporaryFolder folder;
  const Error error = error_of_opening(folder.path() + "/a/b");
  CHECK(error.code == ErrorCode::kNotFound);
  CHECK(contains(error, folder.path() + "/a/b"));
}

}  // namespace
}  // namespace covey::coordinator
