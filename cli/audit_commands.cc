#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/pinned_key.h"
#include "covey/shell/files.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;
constexpr std::size_t kPage = 500;
constexpr std::size_t kMaxCertificateBytes = std::size_t{1} << 20;

Result<std::vector<AuditEntry>> entries_from(AdminClient& client, std::uint64_t from) {
  std::vector<AuditEntry> entries;
  while (true) {
    COVEY_ASSIGN_OR_RETURN(auto page, client.audit(from, kPage));
    for (AuditEntry& entry : page) entries.push_back(std::move(entry));
    if (page.size() < kPage) return entries;
    from = entries.back().sequence + 1;
  }
}

int list_entries(const Invocation& invocation, Context& context) {
  const auto from = invocation.number("from", 1, 1, ~std::uint64_t{0} >> 1);
  if (!from) return usage_error(context, from.error().message);
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const auto entries, entries_from(*client, *from));
  if (invocation.is_json()) {
    context.out << dump(json_list(entries)) << '\n';
    return kOk;
  }
  Table table({{"ENTRY", Align::kRight}, {"AT"}, {"KIND"}, {"WHAT"}});
  for (const AuditEntry& entry : entries) {
    table.add({std::to_string(entry.sequence), text_of_time(entry.at), entry.kind, entry.body});
  }
  table.print(context.out);
  return kOk;
}

struct Verdict {
  std::vector<AuditEntry> entries;
  crypto::SigningPublicKey key{};
  bool is_pinned = false;
  Status chain;
};

Status check_key(const Verdict& verdict, const std::optional<crypto::SigningPublicKey>& pinned) {
  if (!pinned || *pinned == verdict.key) return {};
  return Error{ErrorCode::kDataLoss, "the coordinator names key " + to_hex(verdict.key) +
                                         ", but the certificate that was given has " +
                                         to_hex(*pinned)};
}

Result<Verdict> examine(AdminClient& client,
                        const std::optional<crypto::SigningPublicKey>& pinned) {
  Verdict verdict;
  COVEY_ASSIGN_OR_RETURN(verdict.key, client.audit_key());
  COVEY_ASSIGN_OR_RETURN(verdict.entries, entries_from(client, 1));
  verdict.is_pinned = pinned.has_value();
  verdict.chain = check_key(verdict, pinned);
  if (verdict.chain) verdict.chain = verify_audit(verdict.entries, verdict.key);
  return verdict;
}

std::map<std::string, std::size_t> count_kinds(const std::vector<AuditEntry>& entries) {
  std::map<std::string, std::size_t> counts;
  for (const AuditEntry& entry : entries) ++counts[entry.kind];
  return counts;
}

void print_json(Context& context, const Verdict& verdict) {
  Json json = {
      {"whole", verdict.chain.has_value()},
      {"problem", verdict.chain ? Json(nullptr) : Json(verdict.chain.error().message)},
      {"entries", verdict.entries.size()},
      {"kinds", count_kinds(verdict.entries)},
      {"head", verdict.entries.empty() ? Json(nullptr) : Json(to_hex(verdict.entries.back().hash))},
      {"key", to_hex(verdict.key)},
      {"key_pinned", verdict.is_pinned}};
  context.out << dump(json) << '\n';
}

void print_text(Context& context, const Verdict& verdict) {
  if (!verdict.chain) {
    context.err << "covey: the audit log is broken: " << verdict.chain.error().message << '\n';
    return;
  }
  context.out << "The audit log is whole: " << verdict.entries.size()
              << " entries, each follows from the one before it and is signed.\n";
  Table table({{"ENTRIES", Align::kRight}, {"KIND"}});
  for (const auto& [kind, count] : count_kinds(verdict.entries)) {
    table.add({std::to_string(count), kind});
  }
  if (!verdict.entries.empty()) table.print(context.out);
  const std::string head = verdict.entries.empty() ? "-" : to_hex(verdict.entries.back().hash);
  print_facts(context.out,
              {{"head", head},
               {"key", to_hex(verdict.key) +
                           (verdict.is_pinned ? ", that of the certificate"
                                              : ", as the coordinator says: pin it with --key")}});
}

int verify(const Invocation& invocation, Context& context) {
  std::optional<crypto::SigningPublicKey> pinned;
  if (invocation.has("key")) {
    COVEY_CLI_ASSIGN(const std::string pem,
                     shell::read_text_file(invocation.value("key"), kMaxCertificateBytes));
    COVEY_CLI_ASSIGN(pinned, pinned_key(pem));
  }
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const Verdict verdict, examine(*client, pinned));
  (invocation.is_json() ? print_json : print_text)(context, verdict);
  return verdict.chain ? kOk : kAuditBroken;
}

}  // namespace

std::vector<Command> audit_commands() {
  return {
      {"audit",
       "verify",
       "",
       "check that no entry of the audit log was changed, left out or added",
       {{"key", "FILE", "the coordinator's certificate (PEM), kept apart from it by you"}},
       "covey audit verify --key coordinator.pem",
       verify},
      {"audit",
       "list",
       "",
       "the entries of the audit log",
       {{"from", "N", "begin with this entry (default: 1)"}},
       "covey audit list --from 100",
       list_entries},
  };
}

}  // namespace covey::cli
