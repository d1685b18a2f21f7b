// What becomes of mail, as resolve says it.
#include "mailertable/lookup/fate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::mailertable {
namespace {

using testing::HasSubstr;
using Kind = Fate::Kind;

struct Case {
  const char* value;
  Kind kind;
  const char* words;
};

TEST(Fate, OfEachKindOfValue) {
  for (const Case& one :
       {Case{"tsmtp:[127.0.5.2]", Kind::kTunnel, "handed to relayd at [127.0.5.2]"},
        Case{"tsmtp:/run/tsmtp/birl.sock", Kind::kTunnel, "/run/tsmtp/birl.sock"},
        Case{"tsmtp:[192.0.2.1]", Kind::kInClear, "in clear"},
        Case{"tsmtp:birl.tsmtp", Kind::kTunnel, "if the MX of birl.tsmtp"},
        Case{"esmtp:[192.0.2.1]", Kind::kInClear, "to the host [192.0.2.1], outside the tunnel"},
        Case{"smtp:hub.example", Kind::kInClear, "to the MX of hub.example"},
        Case{"smtp:", Kind::kInClear, "takes the address itself"},
        Case{"[127.0.5.2]", Kind::kInClear, "as if it were not there"},
        Case{"tsmpt:[127.0.5.2]", Kind::kBounced, "knows no mailer \"tsmpt\""},
        Case{"error:5.1.2:550 no such domain", Kind::kBounced, "550 no such domain"},
        Case{"error:4.4.1:451 held", Kind::kDeferred, "kept in the queue: 451 held"},
        Case{"error:tempfail:later", Kind::kDeferred, "later"},
        Case{"error:nohost:gone", Kind::kBounced, "gone"}, Case{"discard:", Kind::kDiscarded, "thrown away"},
        Case{"local:joe", Kind::kLocal, "to joe"},
        Case{"local:", Kind::kLocal, "the user that the address names"},
        Case{"procmail:/etc/x", Kind::kOther, "mailer procmail with /etc/x"}}) {
    const Fate fate = fate_of(one.value, Mailers());
    EXPECT_EQ(fate.kind, one.kind) << one.value;
    EXPECT_THAT(fate.text, HasSubstr(one.words)) << one.value;
  }
}

}  // namespace
}  // namespace tsmtp::mailertable
