#include "cli/pki/issued_index.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace covey::cli {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::uint64_t> number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::string> text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<IssuedCertificate> certificate_from(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto name = text(json, "name");
  const auto role = text(json, "role");
  const auto serial = number(json, "serial");
  const auto state = text(json, "state");
  const bool has_role = role == "device" || role == "coordinator";
  if (!name || !has_role || !serial || (state != "valid" && state != "revoked")) {
    return std::nullopt;
  }
  return IssuedCertificate{*name, role == "device" ? Role::kDevice : Role::kCoordinator, *serial,
                           state == "revoked"};
}

bool is_consistent(const IssuedIndex& index) {
  std::set<std::uint64_t> serials;
  return std::all_of(index.issued.begin(), index.issued.end(), [&](const auto& certificate) {
    return certificate.serial >= 1 && certificate.serial < index.next_serial &&
           serials.insert(certificate.serial).second;
  });
}

std::optional<IssuedIndex> index_from(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto next_serial = number(json, "next_serial");
  const auto revocations_number = number(json, "revocations_number");
  const auto issued = json.find("issued");
  if (!next_serial || !revocations_number || issued == json.end() || !issued->is_array()) {
    return std::nullopt;
  }
  IssuedIndex index{*next_serial, *revocations_number, {}};
  for (const Json& entry : *issued) {
    auto certificate = certificate_from(entry);
    if (!certificate) return std::nullopt;
    index.issued.push_back(std::move(*certificate));
  }
  if (!is_consistent(index)) return std::nullopt;
  return index;
}

}  // namespace

const char* name_of(Role role) { return role == Role::kDevice ? "device" : "coordinator"; }

const IssuedCertificate* IssuedIndex::current(const std::string& name) const {
  const auto found = std::find_if(issued.begin(), issued.end(), [&](const auto& certificate) {
    return certificate.name == name && !certificate.is_revoked;
  });
  return found == issued.end() ? nullptr : &*found;
}

std::vector<std::uint64_t> IssuedIndex::revoked_serials() const {
  std::vector<std::uint64_t> serials;
  for (const IssuedCertificate& certificate : issued) {
    if (certificate.is_revoked) serials.push_back(certificate.serial);
  }
  return serials;
}

std::string to_json(const IssuedIndex& index) {
  Json issued = Json::array();
  for (const IssuedCertificate& certificate : index.issued) {
    issued.push_back({{"name", certificate.name},
                      {"role", name_of(certificate.role)},
                      {"serial", certificate.serial},
                      {"state", certificate.is_revoked ? "revoked" : "valid"}});
  }
  return Json{{"next_serial", index.next_serial},
              {"revocations_number", index.revocations_number},
              {"issued", std::move(issued)}}
             .dump(2) +
         "\n";
}

Result<IssuedIndex> index_from_json(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  auto index = index_from(json);
  if (!index) {
    return Error{ErrorCode::kDataLoss,
                 "issued.json is damaged: restore it from a backup; without it a serial could be "
                 "given twice"};
  }
  return std::move(*index);
}

}  // namespace covey::cli
