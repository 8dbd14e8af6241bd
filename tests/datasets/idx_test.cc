#include "covey/datasets/idx.h"

#include "datasets/idx_writer.h"
#include "support/catch.h"

namespace covey::datasets {
namespace {

using testing::TemporaryFolder;

Error refusal(const std::filesystem::path& path, std::size_t dimensions = 2) {
  const auto array = read_idx(path, IdxArray::Type::kU8, dimensions);
  REQUIRE_FALSE(array.has_value());
  CHECK(array.error().message.find(path.string()) != std::string::npos);
  return array.error();
}

}  // namespace

TEST_CASE("an IDX file is read, gzipped or not", "[datasets]") {
  const TemporaryFolder folder;
  const Bytes elements = {1, 2, 3, 4, 5, 6};
  const Bytes file = testing::idx_bytes(0x0802, {2, 3}, elements);
  testing::write_file(folder.path() / "plain", file);
  testing::write_gzipped(folder.path() / "packed.gz", file);
  for (const char* name : {"plain", "packed.gz"}) {
    const auto array = read_idx(folder.path() / name, IdxArray::Type::kU8, 2);
    REQUIRE(array.has_value());
    CHECK(array->shape == std::vector<std::uint64_t>{2, 3});
    CHECK(array->bytes == elements);
  }
}

TEST_CASE("integers of an IDX file are big-endian and signed", "[datasets]") {
  const TemporaryFolder folder;
  const Bytes elements = {0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe};
  testing::write_file(folder.path() / "table", testing::idx_bytes(0x0C02, {1, 2}, elements));
  const auto array = read_idx(folder.path() / "table", IdxArray::Type::kI32, 2);
  REQUIRE(array.has_value());
  CHECK(array->i32(0) == 258);
  CHECK(array->i32(1) == -2);
}

TEST_CASE("a file that is not the IDX array asked for says what it is", "[datasets]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file";
  CHECK(refusal(path).code == ErrorCode::kNotFound);

  testing::write_file(path, testing::idx_bytes(0x0803, {1, 1, 1}, Bytes{1}));
  const Error other = refusal(path);
  CHECK(other.code == ErrorCode::kInvalidArgument);
  CHECK(other.message.find("0x00000802, found 0x00000803") != std::string::npos);

  testing::write_file(path, testing::idx_bytes(0x0802, {1, 0}, {}));
  refusal(path);
  testing::write_file(path, testing::idx_bytes(0x0802, {0xffffffff, 0xffffffff}, Bytes{1}));
  refusal(path);  // and no memory is taken for it
  testing::write_file(path, testing::idx_bytes(0x0802, {0x7fffffff, 16}, Bytes{1}));
  refusal(path);
}

TEST_CASE("a file that is cut short or goes on is refused, at every length", "[datasets]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file";
  Bytes file = testing::idx_bytes(0x0802, {2, 3}, Bytes{1, 2, 3, 4, 5, 6});
  for (std::size_t size = 0; size < file.size(); ++size) {
    testing::write_file(path, ByteView(file).first(size));
    CHECK(refusal(path).code == ErrorCode::kInvalidArgument);
  }
  file.push_back(7);
  testing::write_file(path, file);
  refusal(path);
}

TEST_CASE("a gzipped file that is damaged or cut short is refused", "[datasets]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file.gz";
  testing::write_gzipped(path, testing::idx_bytes(0x0802, {40, 30}, Bytes(1200, 9)));
  const Bytes packed = testing::read_file(path);
  for (std::size_t size = 3; size + 8 < packed.size(); ++size) {
    testing::write_file(path, ByteView(packed).first(size));
    refusal(path);
  }
  Bytes damaged = packed;
  damaged[damaged.size() - 6] ^= 1;  // the checksum
  testing::write_file(path, damaged);
  refusal(path);
}

}  // namespace covey::datasets
