// A trainer whose examples are replaced: one worker that plays many devices.
#include <array>
#include <thread>

#include "covey/aggregation/model/safetensors.h"
#include "covey/client/torch/models.h"
#include "covey/datasets/handwriting.h"
#include "support/catch.h"

namespace covey::client {
namespace {

using datasets::Examples;
using datasets::Rows;

plan::Plan plan_of(const std::vector<std::string>& metrics = {}) {
  plan::Plan plan;
  plan.train.learning_rate = 0.1;
  plan.train.momentum = 0.5;
  plan.metrics = metrics;
  return plan;
}

Bytes trained(Trainer& trainer, const model::Model& start, std::uint64_t seed = 7) {
  model::Model model = start.clone();
  const plan::Plan plan = plan_of({"loss"});
  const auto report = trainer.run({plan, 1, seed, {}}, model);
  REQUIRE(report.has_value());
  return model::write_model(model);
}

Rows digits_of(std::uint64_t writer, std::size_t count) {
  return Rows::all_of(datasets::generate_handwriting(writer, count, 1));
}

Status refusal(const Rows& rows) {
  const auto trainer = make_trainer("logistic").value();
  const Status first = trainer->set_examples(rows, {});
  const Status second = trainer->set_examples({}, rows);
  CHECK(first.has_value() == second.has_value());
  return first;
}

ring::Role local_bias(std::string_view name, ring::DType) {
  return name.ends_with(".bias") ? ring::Role::kLocal : ring::Role::kTrain;
}

}  // namespace

TEST_CASE("a trainer goes on with other examples", "[torch]") {
  const auto first = digits_of(1, 40);
  const auto second = digits_of(2, 50);
  const model::Model start = initial_model("logistic", 1).value();
  const auto trainer = make_trainer("logistic").value();
  REQUIRE(trainer->set_examples(first, first).has_value());
  const Bytes of_first = trained(*trainer, start);
  REQUIRE(trainer->set_examples(second, first).has_value());
  const Bytes of_second = trained(*trainer, start);

  const auto fresh = make_trainer("logistic").value();
  REQUIRE(fresh->set_examples(second, first).has_value());
  CHECK(trained(*fresh, start) == of_second);
  CHECK(of_first != of_second);
}

TEST_CASE("rows of a shared table train as examples of one's own, and leave it alone", "[torch]") {
  Examples all = datasets::generate_handwriting(1, 60, 1);
  const Examples untouched = all;
  const std::vector<std::size_t> mine = {50, 3, 4, 17, 59, 8, 21};
  const std::vector<std::size_t> held_out = {1, 2, 0};
  const auto table = std::make_shared<const Examples>(std::move(all));
  const auto rows_of = [&](const std::vector<std::size_t>& indices) {
    return Rows{table, {indices.begin(), indices.end()}};
  };
  const model::Model start = initial_model("cnn-small", 1).value();
  const auto trainer = make_trainer("cnn-small").value();
  REQUIRE(trainer->set_examples(rows_of(mine), rows_of(held_out)).has_value());
  const Bytes shared = trained(*trainer, start);

  REQUIRE(trainer
              ->set_examples(Rows::all_of(untouched.subset(mine)),
                             Rows::all_of(untouched.subset(held_out)))
              .has_value());
  CHECK(trained(*trainer, start) == shared);
  CHECK(table->features == untouched.features);
  CHECK(table->labels == untouched.labels);
}

TEST_CASE("a trainer keeps the table of its examples alive, and no longer than it needs",
          "[torch]") {
  auto table = std::make_shared<const Examples>(datasets::generate_handwriting(1, 10, 1));
  const std::weak_ptr<const Examples> watched = table;
  const model::Model start = initial_model("logistic", 1).value();
  const auto trainer = make_trainer("logistic").value();
  REQUIRE(trainer->set_examples({table, {0, 1, 2}}, {table, {3, 4}}).has_value());
  table.reset();
  CHECK_FALSE(watched.expired());
  trained(*trainer, start);
  REQUIRE(trainer->set_examples(digits_of(2, 5), digits_of(2, 5)).has_value());
  CHECK(watched.expired());
}

TEST_CASE("a trainer without examples contributes nothing", "[torch]") {
  const auto trainer = make_trainer("logistic").value();
  model::Model model = initial_model("logistic", 1).value();
  const plan::Plan plan = plan_of({"loss"});
  CHECK(trainer->run({plan, 1, 7, {}}, model).value().examples == 0);
  REQUIRE(trainer->set_examples(digits_of(1, 5), digits_of(1, 5)).has_value());
  CHECK(trainer->run({plan, 1, 7, {}}, model).value().examples == 5);
  REQUIRE(trainer->set_examples({}, {}).has_value());
  CHECK(trainer->run({plan, 1, 7, {}}, model).value().examples == 0);
}

TEST_CASE("examples of another form are refused", "[torch]") {
  const auto changed = [](auto change) {
    Examples examples = datasets::generate_handwriting(1, 5, 1);
    change(examples);
    return refusal(Rows::all_of(std::move(examples)));
  };
  CHECK(changed([](Examples&) {}).has_value());
  CHECK_FALSE(changed([](Examples& some) { some.shape = {28, 28}; }).has_value());
  CHECK_FALSE(changed([](Examples& some) { some.features.pop_back(); }).has_value());
  CHECK_FALSE(changed([](Examples& some) { some.classes = 11; }).has_value());
  CHECK_FALSE(changed([](Examples& some) { some.labels_per_example = 5; }).has_value());
  CHECK_FALSE(changed([](Examples& some) {
                some.classes = 0;
                some.labels.clear();
                some.targets.assign(5, 0.0f);
              }).has_value());
  CHECK_FALSE(refusal({nullptr, {0}}).has_value());
  const auto table = digits_of(1, 5).table;
  CHECK(refusal({table, {4, 0}}).has_value());
  CHECK_FALSE(refusal({table, {0, 5}}).has_value());
  CHECK_FALSE(refusal({table, {-1}}).has_value());
}

TEST_CASE("devices played by one trainer do not see one another's local tensors", "[torch]") {
  const auto make = [] { return make_trainer("logistic", {{}, local_bias, {}}).value(); };
  const auto own = make();
  const model::Model start =
      model::read_model(model::write_model(initial_model("logistic", 1).value()), own->manifest())
          .value();
  const std::array<Rows, 2> data = {digits_of(1, 30), digits_of(2, 30)};

  // Each with a trainer of its own, whose local tensors stay; two rounds.
  std::array<Bytes, 2> expected;
  for (std::size_t device = 0; device < 2; ++device) {
    const auto trainer = make();
    REQUIRE(trainer->set_examples(data[device], data[device]).has_value());
    REQUIRE(trainer->set_local(start).has_value());
    trained(*trainer, start);
    expected[device] = trained(*trainer, start);
  }
  CHECK(expected[0] != expected[1]);

  const auto shared = make();
  std::array<model::Model, 2> local = {start.clone(), start.clone()};
  for (int round = 0; round < 2; ++round) {
    for (std::size_t device = 0; device < 2; ++device) {
      REQUIRE(shared->set_examples(data[device], data[device]).has_value());
      REQUIRE(shared->set_local(local[device]).has_value());
      const Bytes after = trained(*shared, start);
      if (round == 1) CHECK(after == expected[device]);
      local[device] = model::read_model(after, shared->manifest()).value();
    }
  }
  CHECK_FALSE(shared->set_local(initial_model("mlp-2nn", 1).value()).has_value());
}

TEST_CASE("many threads at once train to the bits of one", "[torch]") {
  const auto digits = digits_of(1, 60);
  for (const std::string_view name : {"mlp-2nn", "cnn-small", "lenet5"}) {
    INFO(name);
    const model::Model start = initial_model(name, 1).value();
    const auto run = [&](std::uint64_t seed) {
      const auto trainer = make_trainer(name).value();
      if (!trainer->set_examples(digits, digits)) return Bytes();
      model::Model model = start.clone();
      const plan::Plan plan = plan_of();
      if (!trainer->run({plan, 1, seed, {}}, model)) return Bytes();
      return model::write_model(model);
    };
    std::array<Bytes, 4> together;
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < together.size(); ++i) {
        threads.emplace_back([&, i] { together[i] = run(i / 2); });
      }
    }
    CHECK_FALSE(together[0].empty());
    for (std::size_t i = 0; i < together.size(); ++i) CHECK(together[i] == run(i / 2));
    CHECK(together[0] != together[2]);
  }
}

}  // namespace covey::client
