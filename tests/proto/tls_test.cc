#include <thread>

#include "proto/grpc_world.h"
#include "proto/raw_tls.h"
#include "support/catch.h"

namespace covey::testing {
namespace {

using channel::open_tls_channel;
using channel::tls_server_credentials;
using channel::TlsIdentity;

constexpr const char* kName = "coordinator.test";

Result<std::string> call_as(const TlsIdentity& device, const Server& server,
                            const std::string& name = kName) {
  COVEY_ASSIGN_OR_RETURN(const auto channel, open_tls_channel(server.address(), name, device));
  return call(channel);
}

ErrorCode code_of(const Result<std::string>& answer) {
  return answer ? ErrorCode{} : answer.error().code;
}

TEST_CASE("a device and the coordinator of one authority know each other", "[grpc]") {
  const auto root = authority_of(1);
  const Server server(coordinator_of(root, root));
  const auto answer = call_as(device_of(root, root), server);
  INFO((answer ? "" : answer.error().to_string()));
  REQUIRE(answer.has_value());
  CHECK(*answer == "device-1/7");
}

TEST_CASE("intermediate authorities may stand on both sides", "[grpc]") {
  const auto root = authority_of(1);
  const auto site = root.issue_authority("site", pair_of(2), 2).value();
  const auto floor = site.issue_authority("floor", pair_of(3), 2).value();
  const Server server(coordinator_of(root, site));
  CHECK(call_as(device_of(root, root), server).value() == "device-1/7");
  CHECK(call_as(device_of(root, site), server).value() == "device-1/7");
  CHECK(call_as(device_of(root, floor), server).value() == "device-1/7");
}

TEST_CASE("the coordinator lets nobody in without a certificate of the federation", "[grpc]") {
  const auto root = authority_of(1);
  const auto stranger = authority_of(9);
  const Server server(coordinator_of(root, root));

  grpc::SslCredentialsOptions nobody;
  nobody.pem_root_certs = device_of(root, root).authorities_pem;
  CHECK(code_of(call(raw_channel(server, nobody))) == ErrorCode::kUnavailable);

  for (const TlsIdentity& intruder : {device_of(stranger, stranger), coordinator_of(root, root)}) {
    grpc::SslCredentialsOptions options = nobody;
    options.pem_cert_chain = intruder.certificate_pem;
    options.pem_private_key = text_of(intruder.private_key_pem.reveal());
    CHECK(code_of(call(raw_channel(server, options))) == ErrorCode::kUnavailable);
  }
}

TEST_CASE("a device takes no other for the coordinator", "[grpc]") {
  const auto root = authority_of(1);
  const TlsIdentity device = device_of(root, root);
  const Server server(coordinator_of(root, root));
  CHECK(code_of(call_as(device, server, "other.test")) == ErrorCode::kUnavailable);

  // Another device, and a coordinator of another authority with the same name.
  const auto stranger = authority_of(9);
  for (const TlsIdentity& false_one : {device_of(root, root), coordinator_of(stranger, stranger)}) {
    grpc::SslServerCredentialsOptions options;
    options.pem_root_certs = device.authorities_pem;
    options.pem_key_cert_pairs.push_back(
        {std::string(text_of(false_one.private_key_pem.reveal())), false_one.certificate_pem});
    const Server false_server(device.authorities_pem, grpc::SslServerCredentials(options));
    REQUIRE(false_server.port() != 0);
    for (const char* name : {kName, "device-1"}) {
      INFO(name);
      const auto answer = call_as(device, false_server, name);
      REQUIRE_FALSE(answer.has_value());
      CHECK(answer.error().code == ErrorCode::kUnavailable);
      // Not the name, which "device-1" is, but what the certificate is for.
      CHECK(answer.error().message.find("certificate verify failed") != std::string::npos);
    }
  }
}

TEST_CASE("a revoked device is refused, on a connection that is open already too", "[grpc]") {
  const auto root = authority_of(1);
  Server server(coordinator_of(root, root));
  const auto channel = open_tls_channel(server.address(), kName, device_of(root, root)).value();
  REQUIRE(call(channel).has_value());
  const std::uint64_t serials[] = {7};
  const auto list = crypto::revocations_to_pem(root.issue_revocations(serials, 1).value()).value();
  REQUIRE(server.peers().set_revocations(list).has_value());
  CHECK(code_of(call(channel)) == ErrorCode::kUnauthenticated);
}

TEST_CASE("the coordinator speaks TLS 1.3 and nothing older", "[grpc]") {
  const auto root = authority_of(1);
  const Server server(coordinator_of(root, root));
  const TlsIdentity device = device_of(root, root);
  CHECK(RawTls(TLS_client_method(), TLS1_3_VERSION, device).connects_to(server.port()));
  CHECK_FALSE(RawTls(TLS_client_method(), TLS1_2_VERSION, device).connects_to(server.port()));
}

TEST_CASE("a device speaks TLS 1.3 and nothing older", "[grpc]") {
  const auto root = authority_of(1);
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    const std::unique_ptr<BIO, int (*)(BIO*)> listener(BIO_new_accept("127.0.0.1:0"), BIO_free);
    REQUIRE(BIO_do_accept(listener.get()) == 1);
    const std::string address = std::string("127.0.0.1:") + BIO_get_accept_port(listener.get());
    bool accepted = false;
    std::thread old_server([&, identity = coordinator_of(root, root)] {
      accepted = RawTls(TLS_server_method(), version, identity).accepts_from(listener.get());
    });
    const auto channel = open_tls_channel(address, kName, device_of(root, root)).value();
    CHECK_FALSE(call(channel).has_value());  // it is no gRPC server either way
    old_server.join();
    CHECK(accepted == (version == TLS1_3_VERSION));
  }
}

TEST_CASE("an identity whose parts do not belong together is refused at once", "[grpc]") {
  const auto root = authority_of(1);
  const auto stranger = authority_of(9);
  const auto opens = [](const TlsIdentity& identity) {
    return open_tls_channel("127.0.0.1:1", kName, identity).has_value();
  };
  const auto serves = [](const TlsIdentity& identity) {
    return tls_server_credentials(identity).has_value();
  };
  CHECK(opens(device_of(root, root)));
  CHECK(serves(coordinator_of(root, root)));
  CHECK_FALSE(opens(coordinator_of(root, root)));
  CHECK_FALSE(serves(device_of(root, root)));
  CHECK_FALSE(opens(device_of(stranger, root)));
  CHECK_FALSE(serves(coordinator_of(stranger, root)));
  CHECK_FALSE(opens({}));
  CHECK_FALSE(serves({}));
  TlsIdentity other_key = device_of(root, root);
  other_key.private_key_pem = crypto::private_key_to_pem(pair_of(5)).value();
  CHECK_FALSE(opens(other_key));
  CHECK_FALSE(open_tls_channel("127.0.0.1:1", "", device_of(root, root)).has_value());
}

}  // namespace
}  // namespace covey::testing
