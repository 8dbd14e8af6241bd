#pragma once

#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "covey/base/bytes.h"
#include "covey/base/check.h"

namespace covey::datasets::testing {

// A folder of its own that is gone with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "covey-datasets-XXXXXX").string();
    COVEY_CHECK(mkdtemp(name.data()) != nullptr);  // a machine where this fails cannot test
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void append_big_endian(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

inline Bytes idx_bytes(std::uint32_t magic, const std::vector<std::uint32_t>& shape,
                       ByteView elements) {
  Bytes bytes;
  append_big_endian(bytes, magic);
  for (const std::uint32_t dimension : shape) append_big_endian(bytes, dimension);
  bytes.insert(bytes.end(), elements.begin(), elements.end());
  return bytes;
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

inline void write_gzipped(const std::filesystem::path& path, ByteView bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

inline Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace covey::datasets::testing
