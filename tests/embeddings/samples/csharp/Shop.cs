using System;
using System.Linq;

Console.WriteLine("Opening " + Name(args));

static string Name(string[] args) => args.FirstOrDefault() ?? "shop";

namespace Shop.Stock
{
    /// <summary>Called when an article arrives.</summary>
    public delegate void Arrived(object sender, Article article);

    /// <summary>What can be sold.</summary>
    public interface ISold
    {
        /// <summary>The price in cents.</summary>
        decimal Price { get; }
        void Sell(int count);
        string Label() => $"{Price} cents";
    }

    [Flags]
    public enum Colour : byte
    {
        Red = 1,
        Green = 2,
    }

    /// <summary>
    /// An article.
    /// </summary>
    /// <remarks>It is sold by the piece.</remarks>
    [Serializable]
    public partial class Article<T> : ISold where T : class
    {
        private const int Limit = 1_000;
        private readonly T key, other;
        public event EventHandler Changed;
        public static int Count = 0;

        static Article()
        {
            Count = 1;
        }

        public Article(T key) : this(key, 0.5m)
        {
            this.key = key;
        }

        ~Article()
        {
            Count--;
        }

        public decimal Price
        {
            get { return price; }
            set { price = value > 0 ? value : throw new ArgumentException(@"no ""price"""); }
        }

        public string Title { get; init; } = "none";

        public int Length => Title.Length;

        public T this[int place]
        {
            get => items[place];
        }

        public event EventHandler Sold
        {
            add { handlers += value; }
            remove { handlers -= value; }
        }

        // Sells some of it.
        [Obsolete("use Order")]
        public void Sell(int count)
        {
            int Rest(int sold) => stock - sold;
            stock = Rest(count);
        }

        public abstract Task<int> OrderAsync<TOrder>(TOrder order);

        public static Article<T> operator +(Article<T> a, Article<T> b) => new(a.key);

        public static implicit operator string(Article<T> article) => article.Title;

        void ISold.Sell(int count) => Sell(count * 2);

        private struct Place
        {
            public int Shelf;
        }
    }

    /// <summary>A price at a date.</summary>
    public record Price(decimal Cents, DateTime Since)
    {
        public decimal Euros() => Cents / 100;
    }

    public readonly record struct Point(int X, int Y);

    public static class Extensions
    {
        /// <summary>The first word.</summary>
        public static string FirstWord(this string text)
        {
            return text.Split(' ')[0];
        }
    }
}
