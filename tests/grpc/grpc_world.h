#pragma once

#include <memory>
#include <string>

#include "covey/client/grpc/grpc_transport.h"
#include "covey/coordinator/grpc_server.h"
#include "covey/crypto/certificate.h"
#include "grpc/fake_apis.h"

namespace covey::testing {

// A federation's authority.
class TestAuthority {
 public:
  explicit TestAuthority(std::uint8_t seed);

  channel::TlsIdentity device(const std::string& name, std::uint64_t serial) const;
  channel::TlsIdentity coordinator(const std::string& name) const;
  std::string revocations(std::uint64_t serial) const;  // PEM

 private:
  crypto::CertificateAuthority authority_;
};

// A folder that is gone in the end.
class TestFolder {
 public:
  TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline const std::string kCoordinatorName = "coordinator.example";
inline constexpr std::uint64_t kCoordinatorSerial = 1;

// Fakes behind a real server on loopback, with TLS, and devices that connect to it.
struct GrpcWorld {
  TestAuthority authority{1};
  TestFolder folder;
  std::string socket = folder.path() + "/run/admin";
  FakeDeviceApi devices;
  FakeAdminApi admin;
  std::unique_ptr<coordinator::GrpcServer> server;

  GrpcWorld() : GrpcWorld([](coordinator::GrpcServerOptions&) {}) {}
  explicit GrpcWorld(const std::function<void(coordinator::GrpcServerOptions&)>& change);

  std::string target() const { return "127.0.0.1:" + std::to_string(server->port()); }
  client::GrpcTransportOptions options(const std::string& device, std::uint64_t serial) const;
  std::unique_ptr<client::GrpcTransport> transport() const;  // of device-7, serial 7
};

std::unique_ptr<client::GrpcTransport> connect(client::GrpcTransportOptions options);

Bytes some_bytes(std::size_t size_bytes);

}  // namespace covey::testing
