defmodule Shop.Basket do
  @moduledoc """
  A basket of things.

      Shop.Basket.none()
  """
  use GenServer
  alias Shop.Item

  @limit 10
  @names ~w(red green)a

  @typedoc "What a basket holds."
  @type t :: %__MODULE__{items: list}
  @callback price(t) :: float

  defstruct items: [], owner: nil

  @doc """
  Adds an item, unless the basket is full.
  """
  @doc since: "1.0"
  @spec add(t, any) :: t
  def add(%{items: items} = basket, item) when length(items) < @limit do
    %{basket | items: [item | items]}
  end

  # It is full.
  def add(basket, _), do: basket

  def none, do: nil

  defp total(items \\ []), do: Enum.sum(items) + 1.5

  defmacro unless_empty(basket, do: block) do
    quote do
      if unquote(basket).items != [], do: unquote(block)
    end
  end

  defguard is_full(basket) when length(basket.items) == @limit
  defdelegate size(items), to: Enum, as: :count
  def left <> right, do: "#{left}, #{right}"

  @impl true
  def handle_call({:add, item}, _from, state) do
    {:reply, :ok, add(state, item)}
  end

  schema "baskets" do
    field :name, :string
  end
end

defprotocol Shop.Size do
  @doc "How large it is."
  def size(data)
end

defimpl Shop.Size, for: BitString do
  def size(text), do: byte_size(text)
end

defmodule Shop.BasketTest do
  use ExUnit.Case

  describe "add/2" do
    setup do
      {:ok, basket: %Shop.Basket{}}
    end

    @tag :slow
    test "adds an item", %{basket: basket} do
      assert Shop.Basket.add(basket, 1).items == [1]
    end
  end
end

pipeline :browser do
  plug :accepts, ["html"]
end
