#include "pem_blocks.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <climits>
#include <optional>

#include "certificate_parts.h"

namespace covey::crypto {
namespace {

using BioHandle = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;

struct OpenSslWipe {
  std::size_t size_bytes = 0;
  void operator()(unsigned char* data) const { OPENSSL_clear_free(data, size_bytes); }
};
struct OpenSslStringFree {
  void operator()(char* text) const { OPENSSL_free(text); }
};
using String = std::unique_ptr<char, OpenSslStringFree>;

struct Block {
  std::string label;
  SecretBytes content;
  bool has_headers = false;  // of the old way to encrypt PEM (RFC 1421)
};

// None at the end; what cannot be read is a block without a label.
std::optional<Block> next_block(BIO* in) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size_bytes = 0;
  if (PEM_read_bio(in, &name, &header, &data, &size_bytes) != 1) {
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return at_end ? std::nullopt : std::optional<Block>(std::in_place);
  }
  const String owned_name(name);
  const String owned_header(header);
  const auto size = static_cast<std::size_t>(size_bytes);
  const std::unique_ptr<unsigned char, OpenSslWipe> owned_data(data, OpenSslWipe{size});
  return Block{name, SecretBytes(ByteView(data, size)), *header != '\0'};
}

}  // namespace

Result<std::vector<SecretBytes>> read_pem(std::string_view pem, const std::string& label) {
  const std::string expected = "expected PEM text with '-----BEGIN " + label + "-----', found ";
  const OpenSslErrorScope errors;
  if (pem.empty()) return invalid_argument(expected + "nothing");
  if (pem.size() > INT_MAX) return invalid_argument(expected + "more than 2 GiB");
  const BioHandle in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!in) return openssl_failed();
  std::vector<SecretBytes> contents;
  while (std::optional<Block> block = next_block(in.get())) {
    if (block->label.empty()) return invalid_argument(expected + "a block that is damaged");
    if (block->label != label) return invalid_argument(expected + "a block of another kind");
    if (block->has_headers) return invalid_argument(expected + "a block with headers");
    contents.push_back(std::move(block->content));
  }
  if (contents.empty()) return invalid_argument(expected + "no such block");
  return contents;
}

Result<SecretBytes> read_one_pem(std::string_view pem, const std::string& label) {
  COVEY_ASSIGN_OR_RETURN(std::vector<SecretBytes> contents, read_pem(pem, label));
  if (contents.size() != 1) {
    return invalid_argument("expected one PEM block '" + label + "', found " +
                            std::to_string(contents.size()));
  }
  return std::move(contents.front());
}

// A BIO of this kind wipes what it held.
Result<SecretBytes> write_pem(ByteView content, const std::string& label) {
  const BioHandle out(BIO_new(BIO_s_secmem()));
  const bool written = out && PEM_write_bio(out.get(), label.c_str(), "", content.data(),
                                            static_cast<long>(content.size())) > 0;
  char* text = nullptr;
  const long size_bytes = written ? BIO_get_mem_data(out.get(), &text) : 0;
  if (size_bytes <= 0) return openssl_failed();
  return SecretBytes(
      ByteView(reinterpret_cast<const std::uint8_t*>(text), static_cast<std::size_t>(size_bytes)));
}

Result<std::string> write_public_pem(ByteView content, const std::string& label) {
  COVEY_ASSIGN_OR_RETURN(const SecretBytes pem, write_pem(content, label));
  return std::string(text_of(pem.reveal()));
}

}  // namespace covey::crypto
