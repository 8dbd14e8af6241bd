#include "integration/world/federation.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "cli/pki/commands.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/base/check.h"
#include "integration/world/identity.h"

namespace covey::testing {

using namespace coordinator;

namespace {

constexpr std::chrono::milliseconds kPause{10};

std::filesystem::path new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "covey-it-XXXXXX").string();
  COVEY_CHECK(mkdtemp(pattern.data()) != nullptr);  // else this machine runs no tests
  return pattern;
}

std::string task_file(const std::string& name, const TaskSettings& settings) {
  const int minimum = settings.minimum > 0 ? settings.minimum : settings.devices;
  const int group_size = settings.group_size > 0 ? settings.group_size : settings.devices;
  return "[task]\nname = \"" + name + "\"\nrounds = " + std::to_string(settings.rounds) +
         "\ngive_up_after = " + std::to_string(settings.give_up_after) +
         "\n[model]\nname = \"linear\"\ninitial = \"init.safetensors\"\n[round]\ntarget = " +
         std::to_string(settings.devices) + "\nminimum = " + std::to_string(minimum) +
         "\ngroup_size = " + std::to_string(group_size) +
         "\nover_selection = 1.0\ntraining_deadline = \"" + settings.training_deadline +
         "\"\nstep_idle = \"" + settings.step_idle + "\"\n[aggregation]\nstrategy = \"" +
         settings.strategy +
         "\"\nclip = \"range\"\nclip_bound = 1.0\nquantization_bits = 16\n"
         "rotate = false\nmax_weight = " +
         std::to_string(settings.max_weight) +
         "\n[secure]\nminimum_devices = 3\nminimum_survivors = 3\ncorrupt_fraction = 0.0\n"
         "dropout_fraction = " +
         std::to_string(settings.dropout_fraction) + "\n[evaluate]\nmetrics = [\"loss\"]\n";
}

}  // namespace

Federation::Federation(int devices, std::uint64_t parameters)
    : folder_(new_folder()), parameters_(parameters) {
  cli::DevelopmentFederation wanted;
  wanted.device_count = static_cast<std::size_t>(devices);
  COVEY_CHECK(cli::make_development_federation(pki(), wanted).has_value());  // a new folder
  const Bytes model = model::write_model(model::Model::zeros(flat_manifest(parameters)));
  write_text(folder_ / "init.safetensors", std::string(text_of(model)));
  write_settings();
}

Federation::~Federation() {
  devices_.clear();
  admin_.reset();
  coordinator_.reset();
  if (std::getenv("COVEY_KEEP_TEST_FOLDERS") != nullptr) {
    std::printf("kept: %s\n", folder_.c_str());
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Federation::write_settings() const {
  const std::string listen = address_.empty() ? "127.0.0.1:0" : address_;
  write_text(folder_ / "coordinator.toml",
             "[coordinator]\nstate = \"state\"\nlisten = \"" + listen +
                 "\"\n[identity]\ncertificate = \"pki/coordinator.pem\"\n"
                 "key = \"pki/coordinator.key\"\nauthority = \"pki/authority.pem\"\n"
                 "revoked = \"pki/revoked.crl\"\n");
}

std::string Federation::name_of(int device) {
  return (device < 10 ? "device-0" : "device-") + std::to_string(device);
}

bool Federation::start_coordinator(const std::vector<std::string>& more) {
  const std::filesystem::path address_file = folder_ / "state" / "address";
  std::filesystem::remove(address_file);
  std::vector<std::string> command{program_.empty() ? COVEY_COORDINATOR : program_, "--config",
                                   folder_ / "coordinator.toml"};
  command.insert(command.end(), more.begin(), more.end());
  coordinator_.emplace(command, folder_ / "coordinator.log");
  const bool is_up = eventually([&] {
    return !read_text(address_file).empty() ||
           coordinator_->wait(std::chrono::milliseconds(0)).has_value();
  });
  const std::string address = read_text(address_file);
  if (address.empty() && is_up && !more.empty()) return false;
  if (!is_up || address.empty()) std::fputs(coordinator_->output().c_str(), stderr);
  COVEY_CHECK(!address.empty());                     // nothing else keeps it from starting
  address_ = address.substr(0, address.size() - 1);  // without the line's end
  write_settings();
  auto admin = connect_admin(folder_ / "state" / "admin.sock");
  COVEY_CHECK(admin.has_value());  // the address is written after the socket is open
  admin_ = std::move(*admin);
  return true;
}

void Federation::kill_coordinator() {
  admin_.reset();
  coordinator_.reset();
}

Process& Federation::start_device(int device, const std::vector<std::string>& more,
                                  const std::vector<std::string>& environment) {
  std::vector<std::string> command{COVEY_TEST_DEVICE,
                                   "--state",
                                   folder_ / name_of(device),
                                   "--pki",
                                   pki(),
                                   "--name",
                                   name_of(device),
                                   "--address",
                                   address_,
                                   "--parameters",
                                   std::to_string(parameters_),
                                   "--step",
                                   std::to_string(0.01 * device),
                                   "--examples",
                                   std::to_string(10 * device)};
  command.insert(command.end(), more.begin(), more.end());
  devices_.erase(device);  // which has its folder until it is dead
  Process process(command, folder_ / (name_of(device) + ".log"), environment);
  return devices_.insert_or_assign(device, std::move(process)).first->second;
}

void Federation::start_devices(int count) {
  for (int device = 1; device <= count; ++device) start_device(device);
}

bool Federation::stop_device(int device) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return true;  // it is stopped already
  found->second.send_signal(SIGTERM);
  const bool has_stopped = found->second.wait() == 0;
  devices_.erase(found);
  return has_stopped;
}

CommandResult Federation::covey(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{COVEY_COMMAND, "--socket", folder_ / "state" / "admin.sock"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_command(command, folder_ / "command.out");
}

CommandResult Federation::try_submit(const std::string& task, const TaskSettings& settings) {
  write_text(folder_ / "task.toml", task_file(task, settings));
  return covey({"task", "submit", folder_ / "task.toml"});
}

void Federation::submit(const std::string& task, const TaskSettings& settings) {
  const CommandResult result = try_submit(task, settings);
  if (result.exit_status != 0) std::fputs(result.output.c_str(), stderr);
  COVEY_CHECK(result.exit_status == 0);  // the tests' own task files are valid
}

bool Federation::eventually(const std::function<bool()>& is_so) {
  for (auto waited = kPause * 0; waited < kPatience; waited += kPause) {
    if (is_so()) return true;
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

std::string Federation::phase(const std::string& task, std::uint64_t round) {
  if (admin_ == nullptr) return {};
  const auto details = admin_->round(task, round);
  return details ? details->round.phase : std::string();
}

bool Federation::wait_for_round(const std::string& task, std::uint64_t round) {
  return eventually([&] {
    const auto details = admin_->round(task, round);
    return details && details->round.state != RoundState::kOpen;
  });
}

bool Federation::wait_for_end(const std::string& name) {
  return eventually([&] { return task(name).state == TaskState::kCompleted; });
}

TaskRecord Federation::task(const std::string& name) {
  auto tasks = admin_->tasks();
  if (!tasks) return {};
  const auto found = std::ranges::find(*tasks, name, &TaskRecord::name);
  return found == tasks->end() ? TaskRecord() : *found;
}

std::vector<RoundDetails> Federation::rounds(const std::string& task) {
  std::vector<RoundDetails> out;
  const auto records = admin_->rounds(task, 1, 1000);
  if (!records) return out;
  for (const RoundRecord& record : *records) {
    auto details = admin_->round(task, record.number);
    if (!details) continue;
    std::ranges::sort(details->survivors);
    std::ranges::sort(details->dropped);
    out.push_back(std::move(*details));
  }
  return out;
}

std::vector<std::string> Federation::log_lines(const std::string& part) {
  std::vector<std::string> found;
  const auto lines = admin_->log(0, 10'000);
  if (!lines) return found;
  for (const LogLine& line : *lines) {
    if (line.text.find(part) != std::string::npos) found.push_back(line.text);
  }
  return found;
}

}  // namespace covey::testing
