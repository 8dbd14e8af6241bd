#include "covey/client/agent.h"

#include "client/agent/agent_loop.h"

namespace covey::client {
namespace {

// A mistake in what the app was built or provisioned with shows here, and not in the middle of a
// round.
Result<secagg::CertificateIdentityVerifier> trust(const AgentOptions& options) {
  if (!options.signing_key) return invalid_argument("an agent needs the device's signing key");
  COVEY_ASSIGN_OR_RETURN(auto certificates,
                         crypto::CertificateVerifier::create(options.trusted_roots));
  for (const Bytes& list : options.revocation_lists) {
    COVEY_RETURN_IF_ERROR(certificates.set_revocations(list));
  }
  COVEY_ASSIGN_OR_RETURN(const auto identity, certificates.verify(options.certificate_chain));
  if (identity.key != options.signing_key->public_key()) {
    return invalid_argument(
        "the device's certificate is for another key than the signing key it was given");
  }
  return secagg::CertificateIdentityVerifier(std::move(certificates));
}

}  // namespace

std::string_view name_of(AgentState state) {
  switch (state) {
    case AgentState::kNew:
      return "new";
    case AgentState::kRunning:
      return "running";
    case AgentState::kPausing:
      return "pausing";
    case AgentState::kPaused:
      return "paused";
    case AgentState::kWaitingForConditions:
      return "waiting for conditions";
    case AgentState::kStopped:
      return "stopped";
    case AgentState::kFailed:
      return "failed";
  }
  return "unknown";
}

Result<Agent> Agent::create(AgentOptions options, Trainer& trainer, Transport& transport,
                            Storage& storage, Conditions& conditions) {
  COVEY_ASSIGN_OR_RETURN(auto verifier, trust(options));
  return Agent(std::make_unique<Loop>(std::move(options), std::move(verifier), trainer, transport,
                                      storage, conditions));
}

Agent::Agent(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;
Agent::~Agent() = default;

Status Agent::start() { return loop_->start(); }
void Agent::pause() { loop_->wish(Loop::Wish::kPause); }
void Agent::resume() { loop_->wish(Loop::Wish::kRun); }
void Agent::stop() { loop_->wish(Loop::Wish::kStop); }
void Agent::join() { loop_->join(); }
AgentStatus Agent::status() const { return loop_->status(); }
std::vector<Receipt> Agent::receipts() const { return loop_->receipts(); }

}  // namespace covey::client
