#include "coordinator/store_support.h"
#include "covey/crypto/signature.h"

namespace covey::coordinator {
namespace {

using namespace testing;
using crypto::SigningKeyPair;

SigningKeyPair key_of(std::uint8_t value) {
  return SigningKeyPair::from_seed(SecretKey(digest_of(value)));
}

void append(Store& store, const SigningKeyPair& key, const std::string& kind) {
  AuditEntry entry;
  entry.at = 5;
  entry.kind = kind;
  entry.body = R"({"task":"digits"})";
  ok(store.append_audit(entry, [&](const Digest& hash) { return key.sign(hash); }));
}

std::vector<AuditEntry> log_of(std::size_t size, const SigningKeyPair& key) {
  const TemporaryFolder folder;
  const auto store = opened(folder.store());
  for (std::size_t i = 0; i < size; ++i) append(*store, key, "kind " + std::to_string(i));
  return valid(store->audit(1, 100));
}

void check_broken_at(const std::vector<AuditEntry>& log, std::size_t sequence,
                     const crypto::SigningPublicKey& key) {
  const Status status = verify_audit(log, key);
  INFO("entry " << sequence);
  REQUIRE(!status);
  CHECK(status.error().code == ErrorCode::kDataLoss);
  CHECK(contains(status.error(), "entry " + std::to_string(sequence) + " "));
}

TEST_CASE("the audit log is a chain across commits, roll-backs and starts", "[store][audit]") {
  const TemporaryFolder folder;
  const SigningKeyPair key = key_of(1);
  auto store = opened(folder.store());
  append(*store, key, "one");
  append(*store, key, "two");
  ok(store->commit());
  append(*store, key, "forgotten");
  store->roll_back();
  append(*store, key, "three");
  ok(store->commit());
  append(*store, key, "forgotten too");
  store.reset();
  store = opened(folder.store());
  append(*store, key, "four");
  const std::vector<AuditEntry> log = valid(store->audit(1, 100));
  REQUIRE(log.size() == 4);
  ok(verify_audit(log, key.public_key()));
  CHECK(log[2].kind == "three");
  CHECK(log[3].sequence == 4);
  CHECK(log[3].previous == log[2].hash);
  CHECK(valid(store->audit(2, 2)) == std::vector{log[1], log[2]});
  ok(verify_audit({}, key.public_key()));
}

TEST_CASE("an altered entry of the audit log is found, whatever was altered", "[store][audit]") {
  const SigningKeyPair key = key_of(1);
  const std::vector<AuditEntry> log = log_of(3, key);
  const std::function<void(AuditEntry&)> changes[] = {
      [](AuditEntry& entry) { ++entry.sequence; },
      [](AuditEntry& entry) { ++entry.at; },
      [](AuditEntry& entry) { entry.kind += " "; },
      [](AuditEntry& entry) { entry.body += " "; },
      [](AuditEntry& entry) { entry.body.insert(0, 1, entry.kind.back()), entry.kind.pop_back(); },
      [](AuditEntry& entry) { entry.previous[0] ^= 1; },
      [](AuditEntry& entry) { entry.hash[31] ^= 1; },
      [](AuditEntry& entry) { entry.signature[5] ^= 1; },
      [](AuditEntry& entry) { ++entry.at, entry.hash = audit_hash(entry); },
  };
  for (const auto& change : changes) {
    for (std::size_t i = 0; i < log.size(); ++i) {
      std::vector<AuditEntry> altered = log;
      change(altered[i]);
      check_broken_at(altered, i + 1, key.public_key());
    }
  }
}

TEST_CASE("an entry of the audit log that is missing, moved or added is found", "[store][audit]") {
  const SigningKeyPair key = key_of(1);
  const std::vector<AuditEntry> log = log_of(4, key);
  check_broken_at({log[0], log[2], log[3]}, 2, key.public_key());
  check_broken_at({log[1], log[2], log[3]}, 1, key.public_key());
  check_broken_at({log[0], log[2], log[1], log[3]}, 2, key.public_key());
  check_broken_at({log[0], log[0], log[1]}, 2, key.public_key());

  // Taken out and the numbers after it mended, by one who does not have the key.
  std::vector<AuditEntry> mended = {log[0], log[2]};
  mended[1].sequence = 2;
  mended[1].previous = log[0].hash;
  mended[1].hash = audit_hash(mended[1]);
  check_broken_at(mended, 2, key.public_key());
}

TEST_CASE("an audit log of another key is found", "[store][audit]") {
  const std::vector<AuditEntry> log = log_of(2, key_of(1));
  check_broken_at(log, 1, key_of(2).public_key());

  // Well formed in itself, but by somebody else from the second on.
  std::vector<AuditEntry> forged = log;
  forged[1].body = "{}";
  forged[1].hash = audit_hash(forged[1]);
  forged[1].signature = key_of(2).sign(forged[1].hash);
  check_broken_at(forged, 2, key_of(1).public_key());
}

}  // namespace
}  // namespace covey::coordinator
