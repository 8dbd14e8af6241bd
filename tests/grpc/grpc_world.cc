#include "grpc/grpc_world.h"

#include <cstdlib>
#include <filesystem>

#include "covey/crypto/pem.h"

namespace covey::testing {
namespace {

crypto::SigningKeyPair key_of(std::uint8_t seed, std::uint64_t serial) {
  std::array<std::uint8_t, 32> bytes{};
  bytes[0] = seed;
  bytes[1] = static_cast<std::uint8_t>(serial);
  return crypto::SigningKeyPair::from_seed(SecretKey(std::span<const std::uint8_t, 32>(bytes)));
}

constexpr std::uint8_t kDeviceSeed = 100;

channel::TlsIdentity identity_of(const crypto::CertificateAuthority& authority,
                                 const crypto::SigningKeyPair& key, const Bytes& certificate) {
  return {.authorities_pem = crypto::certificates_to_pem(authority.certificate()).value(),
          .certificate_pem = crypto::certificates_to_pem(authority.chain_for(certificate)).value(),
          .private_key_pem = crypto::private_key_to_pem(key).value()};
}

}  // namespace

TestAuthority::TestAuthority(std::uint8_t seed)
    : authority_(crypto::CertificateAuthority::create("root", key_of(seed, 0)).value()) {}

channel::TlsIdentity TestAuthority::device(const std::string& name, std::uint64_t serial) const {
  const crypto::SigningKeyPair key = key_of(kDeviceSeed, serial);
  return identity_of(authority_, key,
                     authority_.issue_device(name, key.public_key(), serial).value());
}

channel::TlsIdentity TestAuthority::coordinator(const std::string& name) const {
  const crypto::SigningKeyPair key = key_of(kDeviceSeed, kCoordinatorSerial);
  return identity_of(
      authority_, key,
      authority_.issue_coordinator(name, key.public_key(), kCoordinatorSerial).value());
}

std::string TestAuthority::revocations(std::uint64_t serial) const {
  return crypto::revocations_to_pem(authority_.issue_revocations(std::vector{serial}, 1).value())
      .value();
}

TestFolder::TestFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "covey-XXXXXX").string();
  COVEY_CHECK(mkdtemp(pattern.data()) != nullptr);  // else this machine runs no tests
  path_ = pattern;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

GrpcWorld::GrpcWorld(const std::function<void(coordinator::GrpcServerOptions&)>& change) {
  coordinator::GrpcServerOptions options;
  options.tls = authority.coordinator(kCoordinatorName);
  options.admin_socket = socket;
  change(options);
  server = coordinator::GrpcServer::start(std::move(options), devices, admin).value();
}

client::GrpcTransportOptions GrpcWorld::options(const std::string& device,
                                                std::uint64_t serial) const {
  client::GrpcTransportOptions out;
  out.target = target();
  out.tls = authority.device(device, serial);
  out.coordinator_name = kCoordinatorName;
  return out;
}

std::unique_ptr<client::GrpcTransport> GrpcWorld::transport() const {
  return connect(options("device-7", 7));
}

std::unique_ptr<client::GrpcTransport> connect(client::GrpcTransportOptions options) {
  return client::GrpcTransport::create(std::move(options)).value();
}

Bytes some_bytes(std::size_t size_bytes) {
  Bytes bytes(size_bytes);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

}  // namespace covey::testing
