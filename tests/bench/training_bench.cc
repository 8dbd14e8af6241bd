// covey-bench-training: TorchTrainer against a bare LibTorch loop (torch::nn modules,
// torch::optim::SGD, index_select of batches), with the same model, data and batches on as many
// threads at once, one intra-op thread each. Repetitions are interleaved, and medians compared.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "bench/bare_loop.h"
#include "bench/timing.h"
#include "covey/client/torch/allocator.h"
#include "covey/client/torch/models.h"

namespace {

using namespace covey;

struct Options {
  std::string model;
  std::size_t threads = 1;
  std::size_t repeat = 0;
  std::size_t updates = 0;  // of each thread, in one repetition
  std::size_t examples = 0;
  std::size_t batch_size = 0;
  bool keeps_memory = false;
  bool json = false;
};

// One device's update, again and again. An object of its own for each thread.
class Worker {
 public:
  Worker(const Options& options, const datasets::Rows& rows)
      : loop_(options.model, rows, options.batch_size),
        trainer_(client::make_trainer(options.model).value()),
        start_(client::initial_model(options.model, 1).value()),
        model_(start_.clone()) {
    if (!trainer_->set_examples(rows, {})) throw std::runtime_error("the examples do not fit");
    plan_.train.learning_rate = 0.01;  // as the bare loop's
    plan_.train.batch_size = static_cast<std::uint32_t>(options.batch_size);
    if (rows.table->classes == 0) plan_.train.loss = plan::Loss::kMeanSquared;
  }

  void bare() { loop_.update(); }
  void ours() {
    for (std::size_t i = 0; i < start_.views().size(); ++i) {
      std::ranges::copy(start_.views()[i].bytes, model_.bytes(i).begin());
    }
    if (!trainer_->run({plan_, 1, ++seed_, {}}, model_)) throw std::runtime_error("it failed");
  }

 private:
  bench::BareLoop loop_;
  std::unique_ptr<client::ExamplesTrainer> trainer_;
  model::Model start_;
  model::Model model_;
  plan::Plan plan_;
  std::uint64_t seed_ = 0;
};

struct Figures {
  std::vector<double> updates_per_s;
  std::vector<double> cpu_ms;  // of one update
};

// One repetition: all threads begin at once.
void measure_once(std::vector<std::unique_ptr<Worker>>& workers, void (Worker::*update)(),
                  std::size_t updates, Figures& figures) {
  using Clock = std::chrono::steady_clock;
  std::barrier begin(static_cast<std::ptrdiff_t>(workers.size() + 1));
  std::vector<double> cpu_s(workers.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    threads.emplace_back([&, i] {
      begin.arrive_and_wait();
      cpu_s[i] = bench::time_cpu_seconds([&] {
        for (std::size_t k = 0; k < updates; ++k) (workers[i].get()->*update)();
      });
    });
  }
  begin.arrive_and_wait();
  const auto start = Clock::now();
  threads.clear();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto all = static_cast<double>(workers.size() * updates);
  figures.updates_per_s.push_back(all / seconds);
  figures.cpu_ms.push_back(1e3 * std::accumulate(cpu_s.begin(), cpu_s.end(), 0.0) / all);
}

void print(const Options& options, const Figures& bare, const Figures& ours) {
  const double bare_speed = bench::median(bare.updates_per_s);
  const double our_speed = bench::median(ours.updates_per_s);
  const double bare_cpu = bench::median(bare.cpu_ms);
  const double our_cpu = bench::median(ours.cpu_ms);
  if (options.json) {
    const nlohmann::ordered_json line = {
        {"bench", "training"},
        {"model", options.model},
        {"bare_network", bench::has_bare_network(options.model) ? "torch::nn" : "the catalogue's"},
        {"threads", options.threads},
        {"examples", options.examples},
        {"batch_size", options.batch_size},
        {"keeps_memory", options.keeps_memory},
        {"bare_updates_per_s", bare_speed},
        {"updates_per_s", our_speed},
        {"ratio_to_bare", our_speed / bare_speed},
        {"bare_cpu_ms", bare_cpu},
        {"cpu_ms", our_cpu},
        {"cpu_ratio_to_bare", bare_cpu / our_cpu},
    };
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("%-12s  %7zu  %9.2f  %9.2f  %5.2f  %11.2f  %9.2f  %5.2f\n", options.model.c_str(),
                options.threads, bare_speed, our_speed, our_speed / bare_speed, bare_cpu, our_cpu,
                bare_cpu / our_cpu);
  }
  std::fflush(stdout);
}

void measure(const Options& options) {
  const datasets::Rows rows = bench::random_examples(options.model, options.examples);
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < options.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(options, rows));
  }
  Figures bare, ours;
  for (std::size_t run = 0; run <= options.repeat; ++run) {
    Figures warm_up;  // the first of each
    measure_once(workers, &Worker::bare, options.updates, run == 0 ? warm_up : bare);
    measure_once(workers, &Worker::ours, options.updates, run == 0 ? warm_up : ours);
  }
  print(options, bare, ours);
}

int run(int argc, char** argv) {
  cxxopts::Options parser("covey-bench-training",
                          "Devices' updates a second, against bare LibTorch");
  using cxxopts::value;
  parser.add_options()  //
      ("model", "names of the catalogue",
       value<std::vector<std::string>>()->default_value("mlp-2nn,cnn-mcmahan"))                //
      ("threads", "at once", value<std::vector<std::size_t>>()->default_value("1,2"))          //
      ("repeat", "repetitions", value<std::size_t>()->default_value("7"))                      //
      ("updates", "of each thread in a repetition", value<std::size_t>()->default_value("4"))  //
      ("examples", "of a device", value<std::size_t>()->default_value("600"))                  //
      ("batch-size", "examples a step", value<std::size_t>()->default_value("10"))             //
      ("keep-memory", "as keep_freed_memory(), for both")                                      //
      ("format", "table or json", value<std::string>()->default_value("table"))                //
      ("help", "this text");
  const auto given = parser.parse(argc, argv);
  if (given.count("help") > 0) {
    std::printf("%s", parser.help().c_str());
    return 0;
  }
  Options options;
  options.repeat = given["repeat"].as<std::size_t>();
  options.updates = given["updates"].as<std::size_t>();
  options.examples = given["examples"].as<std::size_t>();
  options.batch_size = given["batch-size"].as<std::size_t>();
  options.keeps_memory = given.count("keep-memory") > 0 && client::keep_freed_memory();
  const auto format = given["format"].as<std::string>();
  options.json = format == "json";
  const auto threads = given["threads"].as<std::vector<std::size_t>>();
  if (options.repeat == 0 || options.updates == 0 || options.examples == 0 ||
      options.batch_size == 0 || std::ranges::count(threads, std::size_t{0}) > 0 ||
      (format != "json" && format != "table")) {
    std::fprintf(stderr,
                 "covey-bench-training: expected --threads, --repeat, --updates, --examples and "
                 "--batch-size of at least 1, --format table or json\n");
    return 2;
  }
  if (!options.json) {
    std::printf("%zu examples in batches of %zu, medians of %zu runs\n", options.examples,
                options.batch_size, options.repeat);
    std::printf(
        "model         threads     bare/s     ours/s  ratio  bare CPU ms     CPU ms  ratio\n");
  }
  for (const std::string& model : given["model"].as<std::vector<std::string>>()) {
    for (const std::size_t count : threads) {
      options.model = model;
      options.threads = count;
      measure(options);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // cxxopts throws on a command line it cannot read
    std::fprintf(stderr, "covey-bench-training: %s; see --help\n", error.what());
    return 2;
  }
}
