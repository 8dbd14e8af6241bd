#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "covey/client/agent.h"
#include "covey/client/grpc/grpc_transport.h"

namespace covey::testing {

// Who a device of a development authority is, read from its folder as `covey pki dev` writes it.
channel::TlsIdentity tls_identity(const std::filesystem::path& pki, const std::string& name);

// A device's connection, which times out late.
client::GrpcTransportOptions transport_options(const std::string& address,
                                               const channel::TlsIdentity& identity);

// An agent's options for the device `name`: a policy that small groups satisfy, and short pauses.
client::AgentOptions agent_options(const std::filesystem::path& pki, const std::string& name);

// The model of the tests' tasks: one tensor.
ring::Manifest flat_manifest(std::uint64_t parameters);

}  // namespace covey::testing
