#include "cli/pki/run_pki.h"

#include <algorithm>
#include <charconv>
#include <cxxopts.hpp>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/pki/commands.h"
#include "cli/pki/passphrase.h"

namespace covey::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

// What a command has to say: for a person and for a program.
struct Report {
  std::string text;
  Json json;
};

std::optional<std::size_t> number_of(const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A parsed command line, read by name.
class Arguments {
 public:
  explicit Arguments(cxxopts::ParseResult parsed) : parsed_(std::move(parsed)) {}

  bool has(const std::string& name) const { return parsed_.count(name) != 0; }
  std::string text(const std::string& name) const { return parsed_[name].as<std::string>(); }
  std::string folder() const { return text("folder"); }
  PassphraseSource passphrase(bool confirm = false) const {
    std::optional<std::string> file;
    if (has("passphrase-file")) file = text("passphrase-file");
    return [file, confirm] { return obtain_passphrase(file, confirm); };
  }

 private:
  cxxopts::ParseResult parsed_;
};

Json json_of(const IssuedCertificate& certificate) {
  return {{"name", certificate.name},
          {"role", name_of(certificate.role)},
          {"serial", certificate.serial},
          {"state", certificate.is_revoked ? "revoked" : "valid"}};
}

std::string text_of(const IssuedCertificate& certificate) {
  return std::string(name_of(certificate.role)) + " '" + certificate.name + "', serial " +
         std::to_string(certificate.serial);
}

Result<Report> init(const Arguments& arguments) {
  COVEY_ASSIGN_OR_RETURN(SecretBytes passphrase, arguments.passphrase(true)());
  COVEY_RETURN_IF_ERROR(
      init_authority(arguments.folder(), arguments.text("name"), std::move(passphrase)));
  return Report{"Made the authority '" + arguments.text("name") + "' in " + arguments.folder() +
                    ". Give authority.pem to every device and to the coordinator; keep the folder "
                    "and the passphrase to yourself, and back it up.",
                {{"name", arguments.text("name")}, {"folder", arguments.folder()}}};
}

Result<Report> request(const Arguments& arguments) {
  COVEY_ASSIGN_OR_RETURN(const KeyAndRequest made,
                         make_key_and_request(arguments.text("out"), arguments.text("name")));
  return Report{"Wrote " + made.key_file.string() + ", which stays here, and " +
                    made.request_file.string() + ", which goes to the authority.",
                {{"key", made.key_file.string()}, {"request", made.request_file.string()}}};
}

Result<Report> issue(const Arguments& arguments) {
  const IssueOptions options{arguments.folder(), arguments.text("request"), arguments.text("out"),
                             arguments.has("coordinator") ? Role::kCoordinator : Role::kDevice};
  COVEY_ASSIGN_OR_RETURN(const auto issued, issue_certificate(options, arguments.passphrase()));
  return Report{"Issued to " + text_of(issued) + ": " + arguments.text("out"), json_of(issued)};
}

Result<Report> revoke(const Arguments& arguments) {
  COVEY_ASSIGN_OR_RETURN(
      const auto revoked,
      revoke_certificate(arguments.folder(), arguments.text("name"), arguments.passphrase()));
  return Report{"Revoked " + text_of(revoked) + ". Give " + arguments.folder() +
                    "/revoked.crl to the coordinator.",
                json_of(revoked)};
}

Result<Report> list(const Arguments& arguments) {
  COVEY_ASSIGN_OR_RETURN(const IssuedIndex index, read_index(arguments.folder()));
  Report report{"", Json::array()};
  for (const IssuedCertificate& certificate : index.issued) {
    report.text += (report.text.empty() ? "" : "\n") + text_of(certificate) +
                   (certificate.is_revoked ? ", revoked" : "");
    report.json.push_back(json_of(certificate));
  }
  if (index.issued.empty()) report.text = "Nothing has been issued yet.";
  return report;
}

Result<Report> dev(const Arguments& arguments) {
  const auto count = number_of(arguments.text("devices"));
  COVEY_CHECK(count.has_value());  // run_command() has seen to it
  COVEY_ASSIGN_OR_RETURN(
      const auto names,
      make_development_federation(arguments.folder(), {arguments.text("coordinator"), *count}));
  return Report{"Made an authority, coordinator '" + names.front() + "' and " +
                    arguments.text("devices") + " devices in " + arguments.folder() +
                    ".\nFor development only: no key in it is encrypted.",
                {{"folder", arguments.folder()}, {"names", names}}};
}

struct Command {
  const char* name;
  const char* summary;
  const char* arguments;  // for the usage line
  const char* example;
  std::vector<const char*> required;
  Result<Report> (*run)(const Arguments&);
};
const Command kCommands[] = {
    {"init",
     "makes a federation's authority",
     "DIR --name NAME",
     "covey pki init ./authority --name 'Example federation'",
     {"folder", "name"},
     init},
    {"request",
     "makes a key and a certificate request, where the key is to be used",
     "--name NAME --out DIR",
     "covey pki request --name device-17 --out ./identity",
     {"name", "out"},
     request},
    {"issue",
     "issues the certificate that a request asks for",
     "DIR --request FILE --out FILE",
     "covey pki issue ./authority --request device-17.csr --out device-17.pem",
     {"folder", "request", "out"},
     issue},
    {"revoke",
     "revokes the certificate of a name",
     "DIR --name NAME",
     "covey pki revoke ./authority --name device-17",
     {"folder", "name"},
     revoke},
    {"list",
     "shows what has been issued",
     "DIR",
     "covey pki list ./authority --format json",
     {"folder"},
     list},
    {"dev",
     "makes everything for a try on one machine, unencrypted",
     "DIR --devices N",
     "covey pki dev ./federation --devices 5",
     {"folder", "devices"},
     dev},
};

cxxopts::Options options_of(const Command& command) {
  const std::string name = command.name;
  const auto text = [] { return cxxopts::value<std::string>(); };
  cxxopts::Options options("covey pki " + name, std::string(command.summary));
  auto add = options.add_options();
  if (name == "init") add("name", "the authority's name", text(), "NAME");
  if (name == "request" || name == "revoke") add("name", "whose certificate", text(), "NAME");
  if (name == "request") add("out", "folder for NAME.key and NAME.csr", text(), "DIR");
  if (name == "issue") {
    add("request", "the request, from `covey pki request`", text(), "FILE");
    add("out", "where the certificate and its chain go, in PEM", text(), "FILE");
    add("coordinator", "for the coordinator (without this: for a device)");
  }
  if (name == "dev") {
    add("devices", "how many devices", text(), "N");
    add("coordinator", "the coordinator's name", text()->default_value("coordinator"), "NAME");
  }
  if (name == "init" || name == "issue" || name == "revoke") {
    add("passphrase-file",
        "its first line is the passphrase (else: COVEY_PASSPHRASE, else it is asked for)", text(),
        "FILE");
  }
  add("format", "text or json", text()->default_value("text"), "FORMAT");
  add("help", "print this");
  if (std::string(command.required.front()) == "folder") {
    options.add_options("hidden")("folder", "", text());
    options.parse_positional({"folder"});
  }
  options.custom_help(std::string(command.arguments) + " [options]").positional_help("");
  return options;
}

int usage_error(const std::string& message) {
  std::cerr << "covey pki: " << message << "; see --help\n";
  return kBadUsage;
}

void print_commands(std::ostream& out) {
  out << "Makes, issues and revokes the certificates of a federation.\n\nUsage:\n"
         "  covey pki COMMAND [options]\n\nCommands:\n";
  for (const Command& command : kCommands) {
    const std::string name = command.name;
    out << "  " << name << std::string(10 - name.size(), ' ') << command.summary << "\n";
  }
  out << "\nExamples:\n";
  for (const Command& command : kCommands) out << "  " << command.example << "\n";
  out << "\n`covey pki COMMAND --help` says more. Exit status: 0 done; 1 refused or failed; 2 "
         "wrong "
         "usage.\n";
}

int run_command(const Command& command, int argc, char** argv) {
  cxxopts::Options options = options_of(command);
  const auto parsed = options.parse(argc, argv);
  if (parsed.count("help") != 0) {
    std::cout << options.help({""}) << "\nExample:\n  " << command.example << "\n";
    return kDone;
  }
  if (!parsed.unmatched().empty()) return usage_error("unexpected '" + parsed.unmatched()[0] + "'");
  for (const std::string name : command.required) {
    if (parsed.count(name) == 1) continue;
    return usage_error((name == "folder" ? "DIR" : "--" + name) + " must be given once");
  }
  const std::string format = parsed["format"].as<std::string>();
  if (format != "text" && format != "json") return usage_error("--format must be text or json");
  if (parsed.count("devices") != 0 && !number_of(parsed["devices"].as<std::string>())) {
    return usage_error("--devices must be a whole number");
  }
  const auto report = command.run(Arguments(parsed));
  if (report) {
    std::cout << (format == "json" ? report->json.dump(2) : report->text) << "\n";
    return kDone;
  }
  if (format == "json") {
    std::cout << Json{{"error", report.error().message}}.dump(2) << "\n";
  } else {
    std::cerr << "covey pki " << command.name << ": " << report.error().message << "\n";
  }
  return kFailed;
}

}  // namespace

// cxxopts throws, and so does nlohmann_json for text that is not UTF-8.
int run_pki(int argc, char** argv) try {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "help") {
    print_commands(std::cout);
    return kDone;
  }
  for (const Command& command : kCommands) {
    if (name == command.name) return run_command(command, argc - 1, argv + 1);
  }
  if (!name.empty()) return usage_error("there is no command '" + name + "'");
  print_commands(std::cerr);
  return kBadUsage;
} catch (const std::exception& exception) {
  return usage_error(exception.what());
}

}  // namespace covey::cli
