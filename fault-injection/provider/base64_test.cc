#include "fault-injection/provider/base64.h"

#include <gtest/gtest.h>

namespace touchstone::provider {
namespace {

TEST(Base64, DecodesTheVectorsOfTheRfc) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("Zg=="), "f");
  EXPECT_EQ(DecodeBase64("Zm8="), "fo");
  EXPECT_EQ(DecodeBase64("Zm9v"), "foo");
  EXPECT_EQ(DecodeBase64("Zm9vYmFy"), "foobar");
}

TEST(Base64, DecodesBytesThatAreNoText) {
  EXPECT_EQ(DecodeBase64("AP/+"), std::string("\x00\xff\xfe", 3));
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9", "Zm-_", "Z=9v", "Zh=="}) {
    EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace touchstone::provider
