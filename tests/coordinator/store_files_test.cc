#include "coordinator/store_support.h"
#include "covey/crypto/digest.h"

namespace covey::coordinator {
namespace {

using namespace testing;

Bytes pattern(std::size_t size_bytes) {
  Bytes bytes(size_bytes);
  for (std::size_t i = 0; i < size_bytes; ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  return bytes;
}

std::string path_of(const TemporaryFolder& folder, const Digest& digest) {
  const std::string hex = to_hex(digest);
  return folder.store() + "/blobs/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

TEST_CASE("a blob comes back whole and in pieces, named by its SHA-256", "[store]") {
  const TemporaryFolder folder;
  auto store = opened(folder.store());
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, (std::size_t{1} << 20) + 7}) {
    const Bytes bytes = pattern(size);
    const Digest digest = valid(store->put_blob(bytes));
    CHECK(digest == crypto::sha256(bytes));
    CHECK(valid(store->put_blob(bytes)) == digest);
    store.reset();
    store = opened(folder.store());
    CHECK(valid(store->get_blob(digest)) == bytes);
    const auto reader = valid(store->open_blob(digest));
    REQUIRE(reader->size_bytes() == size);
    Bytes middle(size - size / 3);
    ok(reader->read(size / 3, middle));
    CHECK(std::equal(middle.begin(), middle.end(), bytes.end() - static_cast<long>(middle.size())));
  }
  CHECK(code_of(store->get_blob(digest_of(1))) == ErrorCode::kNotFound);
  CHECK(code_of(store->open_blob(digest_of(1))) == ErrorCode::kNotFound);
}

TEST_CASE("reading past the end of a blob is refused", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  const auto reader = valid(store->open_blob(valid(store->put_blob(pattern(10)))));
  Bytes out(4);
  ok(reader->read(6, out));
  CHECK(code_of(reader->read(7, out)) == ErrorCode::kOutOfRange);
  CHECK(code_of(reader->read(11, {})) == ErrorCode::kOutOfRange);
  CHECK(code_of(reader->read(~std::uint64_t{0} - 1, out)) == ErrorCode::kOutOfRange);
}

TEST_CASE("a blob that is written in pieces is not there before it is finished", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  const Bytes bytes = pattern(1000);
  const auto writer = valid(store->write_blob());
  for (std::size_t at = 0; at < bytes.size(); at += 100) {
    ok(writer->append(ByteView(bytes).subspan(at, 100)));
    CHECK(files_under(folder.store() + "/blobs").empty());
  }
  const Digest digest = valid(writer->finish());
  CHECK(valid(store->get_blob(digest)) == bytes);
  CHECK(code_of(writer->append(bytes)) == ErrorCode::kFailedPrecondition);
  CHECK(code_of(writer->finish()) == ErrorCode::kFailedPrecondition);

  const auto again = valid(store->write_blob());
  ok(again->append(bytes));
  CHECK(valid(again->finish()) == digest);
  valid(store->write_blob())->append(bytes).value();  // and dropped
  CHECK(files_under(folder.store() + "/incoming").empty());
  CHECK(files_under(folder.store() + "/blobs").size() == 1);
}

TEST_CASE("a reader outlives the removal of its blob", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  const Bytes bytes = pattern(100);
  const Digest digest = valid(store->put_blob(bytes));
  const auto reader = valid(store->open_blob(digest));
  ok(store->remove_blob(digest));
  ok(store->remove_blob(digest));
  CHECK(code_of(store->open_blob(digest)) == ErrorCode::kNotFound);
  Bytes read(100);
  ok(reader->read(0, read));
  CHECK(read == bytes);
}

TEST_CASE("a blob that was cut short or altered is never served, and put again it is mended",
          "[store]") {
  const TemporaryFolder folder;
  const Bytes bytes = pattern(5000);
  auto store = opened(folder.store());
  const Digest digest = valid(store->put_blob(bytes));
  const std::string path = path_of(folder, digest);
  const auto before = valid(store->open_blob(digest));
  const auto damage = GENERATE(0, 1, 2);
  if (damage == 0) std::filesystem::resize_file(path, 4999);
  if (damage == 1) std::filesystem::resize_file(path, 0);
  if (damage == 2) {
    store.reset();  // a change of the same length is noticed once a process
    overwrite(path, 4321, "!");
    store = opened(folder.store());
  }
  const auto found = store->open_blob(digest);
  CHECK(code_of(found) == ErrorCode::kDataLoss);
  CHECK(contains(found.error(), path));
  CHECK(code_of(store->get_blob(digest)) == ErrorCode::kDataLoss);
  if (damage < 2) {
    Bytes out(5000);
    CHECK(code_of(before->read(0, out)) == ErrorCode::kDataLoss);
  }
  CHECK(valid(store->put_blob(bytes)) == digest);
  CHECK(valid(store->get_blob(digest)) == bytes);
  CHECK(valid(store->open_blob(digest))->size_bytes() == 5000);
}

TEST_CASE("a blob for which no room would be left is refused, and nothing stays of it", "[store]") {
  const TemporaryFolder folder;
  const std::uint64_t more_than_there_is = std::uint64_t{1} << 62;
  const auto store =
      valid(open_store({.folder = folder.store(), .reserve_bytes = more_than_there_is}));
  CHECK(store->free_bytes() == 0);
  CHECK(opened(folder.path() + "/without-reserve")->free_bytes() > 0);
  const auto writer = valid(store->write_blob());
  const Status refused = writer->append(pattern(3));
  CHECK(code_of(refused) == ErrorCode::kResourceExhausted);
  CHECK(contains(refused.error(), std::to_string(more_than_there_is >> 20) + " MiB"));
  CHECK(contains(refused.error(), "3 bytes"));
  CHECK(code_of(writer->finish()) == ErrorCode::kFailedPrecondition);
  CHECK(files_under(folder.store() + "/incoming").empty());
  CHECK(files_under(folder.store() + "/blobs").empty());

  // The reserve is there for this.
  valid(store->put_blob(pattern(3)));
  ok(store->put_task(sample_task("digits")));
  ok(store->commit());
  ok(store->put_session("digits", 1, 0, pattern(3)));
}

TEST_CASE("what a crash left half written is removed at the start", "[store]") {
  const TemporaryFolder folder;
  opened(folder.store());
  for (const char* name : {"/incoming/abcdef", "/incoming/x.tmp"}) {
    std::ofstream(folder.store() + name) << "half of a mod";
  }
  const auto store = opened(folder.store());
  CHECK(files_under(folder.store() + "/incoming").empty());
}

TEST_CASE("a session is kept by task, round and group until its round's are removed", "[store]") {
  const TemporaryFolder folder;
  auto store = opened(folder.store());
  ok(store->put_session("digits", 1, 0, pattern(10)));
  ok(store->put_session("digits", 1, 1, pattern(11)));
  ok(store->put_session("digits", 11, 0, pattern(12)));
  ok(store->put_session("letters", 1, 0, {}));
  ok(store->put_session("digits", 1, 0, pattern(20)));  // in the place of the first
  store.reset();
  store = opened(folder.store());
  CHECK(valid(store->get_session("digits", 1, 0)) == pattern(20));
  CHECK(valid(store->get_session("digits", 1, 1)) == pattern(11));
  CHECK(valid(store->get_session("letters", 1, 0)) == Bytes{});
  CHECK(!valid(store->get_session("digits", 1, 2)));
  CHECK(!valid(store->get_session("nobody", 1, 0)));

  ok(store->remove_sessions("digits", 1));
  ok(store->remove_sessions("nobody", 1));
  CHECK(!valid(store->get_session("digits", 1, 0)));
  CHECK(!valid(store->get_session("digits", 1, 1)));
  CHECK(valid(store->get_session("digits", 11, 0)) == pattern(12));
  CHECK(valid(store->get_session("letters", 1, 0)) == Bytes{});
}

TEST_CASE("a damaged session is reported, not restored", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  ok(store->put_session("digits", 1, 0, pattern(100)));
  const std::string path = folder.store() + "/sessions/digits/1-0";
  const auto damage = GENERATE(0, 1, 2);
  if (damage == 0) std::filesystem::resize_file(path, 131);
  if (damage == 1) std::filesystem::resize_file(path, 5);
  if (damage == 2) overwrite(path, 77, "!");
  const auto found = store->get_session("digits", 1, 0);
  CHECK(code_of(found) == ErrorCode::kDataLoss);
  CHECK(contains(found.error(), path));
}

TEST_CASE("no name of a task leads out of the folder of sessions or to another task's", "[store]") {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  const std::string names[] = {"",
                               ".",
                               "..",
                               "../../../../evil",
                               "a/b",
                               "a%2fb",
                               "A",
                               "a",
                               "%",
                               std::string("\0", 1),
                               "a b",
                               std::string(64, 'z'),
                               "%sha",
                               "a\xff",
                               "a\xfe",
                               std::string(5000, 'y'),
                               std::string(5000, '/')};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    ok(store->put_session(names[i], 1, 0, pattern(i)));
  }
  for (std::size_t i = 0; i < std::size(names); ++i) {
    CHECK(valid(store->get_session(names[i], 1, 0)) == pattern(i));
  }
  CHECK(files_under(folder.store() + "/sessions").size() == std::size(names));
  CHECK(files_under(folder.path()).size() ==
        files_under(folder.store()).size());  // none beside the store
  ok(store->remove_sessions("..", 1));
  CHECK(files_under(folder.store() + "/sessions").size() == std::size(names) - 1);
}

}  // namespace
}  // namespace covey::coordinator
