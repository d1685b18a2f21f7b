// A counter is told everywhere by its row alone.
#include "relayd/control/counter_fields.h"

#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

struct Pigeons {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t fed = 0;
};

using PigeonRow = base::CounterRow<Pigeons>;
constexpr std::array kPigeonRows{
    PigeonRow{.value = &Pigeons::sent,
              .name = "sent",
              .sentence = "those sent",
              .metric = "pigeons_total",
              .label = "way=\"out\"",
              .help = "Pigeons."},
    PigeonRow{.value = &Pigeons::lost,
              .name = "lost",
              .sentence = "those lost",
              .words = ", {} lost",
              .metric = "pigeons_total",
              .label = "way=\"none\""},
    PigeonRow{.value = &Pigeons::fed, .metric = "pigeons_fed", .help = "Fed."},
};

struct Loft {
  Pigeons pigeons;
};

const Fields<Loft>& loft_fields() {
  static const Fields<Loft> made = counter_fields<Loft>(kPigeonRows, &Loft::pigeons);
  return made;
}

constexpr Loft kLoft{.pigeons = {.sent = 3, .lost = 2, .fed = 1}};

TEST(CounterFields, ARowIsAFieldOfJsonUnlessItHasNoName) {
  EXPECT_EQ(to_json(kLoft, loft_fields()).dump(), R"({"sent":3,"lost":2})");
  ASSERT_EQ(parts_of(loft_fields()).size(), 2U);
  EXPECT_EQ(parts_of(loft_fields())[1].sentence, "those lost");
}

TEST(CounterFields, WordsAreSaidUnlessTheCountIsZero) {
  EXPECT_EQ(in_words(kLoft, loft_fields(), {}), ", 2 lost");
  EXPECT_EQ(in_words(Loft{}, loft_fields(), {}), "");
}

TEST(CounterFields, RowsOfOneNameAreOneMetric) {
  const auto metrics = counter_metrics<Loft>(kPigeonRows, [](const Loft& loft) {
    return std::vector<Labelled<Pigeons>>{{.labels = "loft=\"a\"", .counters = &loft.pigeons}};
  });
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics[0].name, "pigeons_total");
  EXPECT_EQ(metrics[0].type, kCounter);
  EXPECT_EQ(metrics[0].help, "Pigeons.");
  const auto samples = metrics[0].samples(kLoft);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].labels, "loft=\"a\",way=\"out\"");
  EXPECT_EQ(std::get<std::uint64_t>(samples[1].value), 2U);
  EXPECT_EQ(metrics[1].type, kGauge);
  EXPECT_EQ(metrics[1].samples(kLoft)[0].labels, "loft=\"a\"");
}

}  // namespace
}  // namespace tsmtp::control
