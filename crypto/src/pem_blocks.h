#pragma once

#include <string>
#include <vector>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::crypto {

constexpr const char* kCertificateLabel = "CERTIFICATE";
constexpr const char* kRequestLabel = "CERTIFICATE REQUEST";
constexpr const char* kRevocationsLabel = "X509 CRL";
constexpr const char* kPrivateKeyLabel = "PRIVATE KEY";
constexpr const char* kEncryptedKeyLabel = "ENCRYPTED PRIVATE KEY";

// The contents of all PEM blocks in `pem`, of which there is at least one and each has `label`.
Result<std::vector<SecretBytes>> read_pem(std::string_view pem, const std::string& label);
// The same, for exactly one.
Result<SecretBytes> read_one_pem(std::string_view pem, const std::string& label);

Result<SecretBytes> write_pem(ByteView content, const std::string& label);
Result<std::string> write_public_pem(ByteView content, const std::string& label);

}  // namespace covey::crypto
