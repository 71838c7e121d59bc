// The stock of a shop.

#import "Stock.h"
#include <math.h>
@import Foundation;

NS_ASSUME_NONNULL_BEGIN

#define MOST 100
#define SQUARE(x) ((x) * (x))

/// What a thing is painted in.
typedef NS_ENUM(NSInteger, Colour) {
    ColourRed,
    ColourBlue,
};

typedef NS_OPTIONS(NSUInteger, Packing) {
    PackingNone = 0,
    PackingBox = 1 << 0,
};

typedef struct {
    double width, height;
} Size;

typedef void (^Counted)(NSInteger count, NSError *_Nullable error);

static NSString *const Name = @"stock";
NSInteger total = 0;

@class Order;

/// Is told of what happens to a stock.
@protocol StockDelegate <NSObject>
@property (nonatomic, copy) NSString *title;
/// Called when something has run out.
- (void)stock:(Stock *)stock didRunOutOf:(NSString *)article;
@optional
- (BOOL)stockShouldFill:(Stock *)stock NS_SWIFT_NAME(shouldFill(_:));
@end

@interface Stock () <NSCoding> {
    NSInteger _count;
}
@property (nonatomic, weak, nullable) id<StockDelegate> delegate;
@property (nonatomic, copy) Counted counted;
@property (nonatomic, copy) void (^finished)(BOOL isFull);
@property (class, nonatomic, readonly) NSInteger capacity;
@end

/// Counts articles.
@implementation Stock

@synthesize delegate = _delegate;
@dynamic capacity;

/// A stock with room for some articles.
+ (instancetype)stockWithCapacity:(NSInteger)capacity delegate:(id<StockDelegate>)delegate {
    Stock *stock = [[self alloc] init];
    stock.delegate = delegate;
    return stock;
}

#pragma mark - Counting

- (NSInteger)count {
    return _count;
}

- (void)add:(NSInteger)count then:(Counted)counted {
    dispatch_async(dispatch_get_main_queue(), ^{
        self->_count += count;
        counted(self->_count, nil);
    });
}

- (NSString *)description {
    return [NSString stringWithFormat:@"<%@: %ld>", self.class, (long)_count];
}

- (void)dealloc {
    @synchronized(self) {
        free(_buffer);
    }
}

@end

@implementation Stock (Printing)

- (void)print:(NSArray<NSString *> *)articles {
    for (NSString *article in articles) {
        NSLog(@"%@ %@", article, @{@"count" : @(self.count), @"last" : @[ @1, @2 ]});
    }
}

@end

/// The area of a size.
static double Area(Size size) {
    return size.width * size.height;
}

NSString *StockName(Stock *stock) {
    return stock.description ?: Name;
}

void StockReset(void);

NS_ASSUME_NONNULL_END
