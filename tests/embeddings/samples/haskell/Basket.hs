{-# LANGUAGE TypeFamilies #-}

{- | Baskets of a shop.
-}
module Shop.Basket
  ( Basket (..)
  , add
  ) where

import qualified Data.Map as Map

-- | A basket of items.
data Basket a = Basket
  { items :: [a] -- ^ what is in it
  , owner :: Maybe Name
  }
  | Empty
  deriving (Eq, Show)

-- | A price in euros.
newtype Price = Price {euros :: Double}

type Name = String

type family Element f where
  Element [a] = a

data Size where
  Small :: Int -> Size
  Large :: Size

-- | Whatever has a price.
class Show a => Priced a where
  type Unit a

  -- | What it costs.
  price :: a -> Price
  price _ = Price 0

  (<+>) :: a -> a -> a

infixl 6 <+>

instance Priced Price where
  price (Price p) = Price p
  a <+> b = Price (euros a + euros b)

instance Show (Basket a) where
  show = const "a basket"

-- | Adds an item, unless the
-- basket is full.
add :: Int -> a -> [a] -> [a]
add 0 _ xs = xs
add n x xs
  | n > limit = xs
  | otherwise = go xs
  where
    go [] = [x]
    go (y : ys) = y : go ys
add _ x [] = [x]
{-# INLINE add #-}

-- | How many fit.
limit :: Int
limit = 10

colours :: [String]
colours = ["red", "green"]

total = foldr ((+) . euros . price) 0

-- | Applies from the left.
(|>) :: a -> (a -> b) -> b
x |> f = f x

x `plus` y = x + y

pattern Pair x y = (x, y)

foreign import ccall "math.h sin" c_sin :: Double -> Double

main :: IO ()
main = do
  let basket = Basket [1, 2] Nothing
  print (total (items basket))
  case items basket of
    [] -> putStrLn "empty, says main"
    _ -> return ()
